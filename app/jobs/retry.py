"""Decides whether and when to retry a failed job. Pure: a policy is data, and the worker follows it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from app.core.errors import LongreelError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off: `first_s`, then `factor` times longer each time, up to `max_s`."""

    max_attempts: int = 3
    first_s: float = 2.0
    factor: float = 4.0
    max_s: float = 300.0
    jitter: float = 0.2
    """Each wait varies by up to this share, so that jobs that failed together do not retry together."""

    def retry_in_s(self, error: Exception, attempts: int, seed: str) -> float | None:
        """Seconds until the next attempt after `attempts` attempts; None to give up.

        Only a LongreelError marked as retryable gets another attempt. The jitter depends only on
        `seed` and `attempts`.
        """
        if not (isinstance(error, LongreelError) and error.retryable) or attempts >= self.max_attempts:
            return None
        wait_s = min(self.max_s, self.first_s * self.factor ** (attempts - 1))
        share = zlib.crc32(f"{seed}:{attempts}".encode()) / 0xFFFFFFFF
        return wait_s * (1 + self.jitter * (2 * share - 1))
