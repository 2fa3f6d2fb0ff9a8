"""Runs chunks in this process."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterable
from typing import Any

from app.core.ports import CallBeat


class LocalRuntime:
    """Runs one call at a time, in the caller's thread, on the process's own models. Implements `Runtime`.

    More at once would gain nothing: a model serves one caller at a time and uses all cores, and
    decoding already runs ahead in its own thread.
    """

    def __init__(self, worker: Callable[[], Any]) -> None:
        self._worker = worker

    def map(self, method: str, calls: Iterable[Any], *, beat: CallBeat) -> Generator[tuple[int, Any], None, None]:
        """See the port; results come in order."""
        work = getattr(self._worker(), method)
        for number, call in enumerate(calls):
            beat(number, 0.0)
            yield number, work(call, functools.partial(beat, number))
