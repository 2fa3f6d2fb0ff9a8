"""A runtime for tests that finishes calls out of order, as a cluster would."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Generator, Iterable
from typing import Any

from app.core.ports import CallBeat


class ShuffledRuntime:
    """Takes a few calls at a time and runs them in random order, fixed by the seed. Implements `Runtime`."""

    def __init__(self, worker: Callable[[], Any], *, ahead: int = 4, seed: int = 0) -> None:
        self._worker = worker
        self._ahead = ahead
        self._seed = seed

    def map(self, method: str, calls: Iterable[Any], *, beat: CallBeat) -> Generator[tuple[int, Any], None, None]:
        """See the port."""
        order = random.Random(self._seed)  # noqa: S311 - not a secret
        work = getattr(self._worker(), method)
        numbered = enumerate(calls)
        while some := list(itertools.islice(numbered, self._ahead)):
            order.shuffle(some)
            for number, call in some:
                beat(number, 0.0)
                yield number, work(call, functools.partial(beat, number))
