"""Whether a failed job is tried again, and when. Pure: a strategy is data, the worker obeys."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from app.core.errors import LongreelError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off: `first_s`, then `factor` times longer each time, never above `max_s`."""

    max_attempts: int = 3
    first_s: float = 2.0
    factor: float = 4.0
    max_s: float = 300.0
    jitter: float = 0.2
    """Each wait is stretched or shortened by at most this share, so that jobs that fell together rise apart."""

    def retry_in_s(self, error: Exception, attempts: int, seed: str) -> float | None:
        """Seconds until the next attempt after `attempts` of them; None to give up.

        Only an error of the tree that says it is retryable gets another try. The jitter is a function
        of `seed` and `attempts`.
        """
        if not (isinstance(error, LongreelError) and error.retryable) or attempts >= self.max_attempts:
            return None
        wait_s = min(self.max_s, self.first_s * self.factor ** (attempts - 1))
        share = zlib.crc32(f"{seed}:{attempts}".encode()) / 0xFFFFFFFF
        return wait_s * (1 + self.jitter * (2 * share - 1))
