"""Server-sent events, and iterators of blocking work read from the event loop.

A heartbeat comment goes out when nothing happened for a while, so that proxies keep the
connection and a client that went away is noticed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

from starlette.responses import StreamingResponse

from app.api.line import Seat

Item = TypeVar("Item")

HEARTBEAT_S = 2.0
HEARTBEAT = b": still here\n\n"
CHECK_S = 0.5
"""How often a waiting reader looks whether its client is still there."""
_DIGITS = 18
"""Numbers of more digits fit in no database."""
_LINE_ENDS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "\x85\u2028\u2029"}
"""Characters that JSON leaves as they are and at which many readers, httpx's among them, end a line."""


def last_number(header: str) -> int:
    """The number of the last event that a reader had, by its `Last-Event-ID`; 0 where that is none of ours."""
    return int(header) if header.isdecimal() and len(header) <= _DIGITS else 0


def server_event(data: str, *, kind: str = "", number: int | None = None) -> bytes:
    """One event in the text/event-stream format; `data` is JSON, or [DONE]."""
    lines = [f"id: {number}"] if number is not None else []
    if kind:
        lines.append(f"event: {kind}")
    lines += [f"data: {line}" for line in data.translate(_LINE_ENDS).splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode()


def event_stream(events: AsyncIterator[bytes] | Iterable[bytes]) -> StreamingResponse:
    """The answer that carries events; nothing on the way may store or change it."""
    headers = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


class _Ended:
    """The last thing that a pump's thread puts in the queue."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


class _Pump(Generic[Item]):
    """Runs a blocking iterator in a thread, and passes its items to the event loop."""

    def __init__(self, make: Callable[[Callable[[], bool]], Iterator[Item]]) -> None:
        self._make = make
        self._loop = asyncio.get_running_loop()
        self.waiting: asyncio.Queue[Item | _Ended] = asyncio.Queue()
        self.gone = threading.Event()

    def work(self) -> None:
        """Runs in the thread until the end, or until the reader is gone."""
        error = None
        try:
            if not self.gone.is_set():
                for item in self._make(self.gone.is_set):
                    self._put(item)
                    if self.gone.is_set():
                        break
        except Exception as problem:  # noqa: BLE001 - carried to the reader and raised there
            error = problem
        self._put(_Ended(error))

    def _put(self, item: Item | _Ended) -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody reads any more
            self._loop.call_soon_threadsafe(self.waiting.put_nowait, item)


def pump(
    make: Callable[[Callable[[], bool]], Iterator[Item]],
    join: Callable[[Callable[[], None]], Seat],
    *,
    every_s: float = CHECK_S,
    finish: bool = False,
) -> AsyncGenerator[Item | None]:
    """Runs a blocking iterator in a thread and yields its items; None when `every_s` passed without one.

    `join` queues it. `make` gets a function that says whether the reader has gone, which it also does once this
    iterator is closed, unless started work is to `finish` anyway. An error of the blocking iterator is raised here.
    """
    at_work = _Pump(make)
    seat = join(at_work.work)

    async def items() -> AsyncGenerator[Item | None]:
        try:
            while True:
                try:
                    item = await asyncio.wait_for(at_work.waiting.get(), every_s)
                except TimeoutError:
                    yield None
                    continue
                if not isinstance(item, _Ended):
                    yield item
                elif item.error is None:
                    return
                else:
                    raise item.error
        finally:
            if seat.leave() or not finish:
                at_work.gone.set()

    return items()
