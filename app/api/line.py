"""The queue in which questions wait: bounded, fair between callers, and left when a caller disconnects."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from app.core.errors import LongreelError

MOST_WAITING = 50
"""Questions of one caller that may wait; more are refused, so that no caller can fill the line for all others."""
MOST_CALLERS = 8
"""As many questions may wait in all as those of so many callers who ask as many as they may."""


class LineFull(LongreelError):
    """Too many questions wait already."""

    code = "line_full"
    http_status = 429
    retryable = True


class Seat:
    """One question that waits or is being answered."""

    def __init__(self, line: WaitingLine, caller: str, work: Callable[[], None]) -> None:
        self.caller = caller
        self.work = work
        self._line = line

    @property
    def place(self) -> int:
        """How many questions are answered before this one begins, itself counted; 0 once it has begun or left."""
        return self._line.place_of(self)

    def leave(self) -> bool:
        """Leaves the line; False for one that is at work or done already."""
        return self._line.leave(self)


class WaitingLine:
    """Runs some questions at once. Those that wait begin in turn, one of each caller after the other."""

    def __init__(self, at_once: int, most_waiting: int | None = None) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="ask")
        self._free = at_once
        self._most = MOST_WAITING if most_waiting is None else most_waiting
        self._waiting: OrderedDict[str, deque[Seat]] = OrderedDict()
        self._lock = threading.Lock()

    def join(self, caller: str, work: Callable[[], None]) -> Seat:
        """Begins, or waits for a place. Raises LineFull."""
        seat = Seat(self, caller, work)
        with self._lock:
            own, all_ = len(self._waiting.get(caller, ())), sum(map(len, self._waiting.values()))
            if own >= self._most or all_ >= MOST_CALLERS * self._most:
                raise LineFull(f"{own or all_} requests are already waiting.", "Ask again in a moment.")
            self._waiting.setdefault(caller, deque()).append(seat)
            self._begin()
        return seat

    def place_of(self, seat: Seat) -> int:
        """See `Seat.place`."""
        with self._lock:
            if seat not in self._waiting.get(seat.caller, ()):
                return 0
            own = self._waiting[seat.caller].index(seat)
            callers = list(self._waiting)
            before = callers.index(seat.caller)
            # In each round every caller that waits begins one question.
            return (
                1
                + own
                + sum(
                    min(len(self._waiting[other]), own + (turn < before))
                    for turn, other in enumerate(callers)
                    if other != seat.caller
                )
            )

    def leave(self, seat: Seat) -> bool:
        """See `Seat.leave`."""
        with self._lock:
            seats = self._waiting.get(seat.caller, deque())
            if seat not in seats:
                return False
            seats.remove(seat)
            if not seats:
                del self._waiting[seat.caller]
            return True

    def close(self) -> None:
        """Begins nothing more; what is at work is not waited for."""
        with self._lock:
            self._waiting.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> None:
        while self._free and self._waiting:
            caller, seats = next(iter(self._waiting.items()))
            seat = seats.popleft()
            if seats:
                self._waiting.move_to_end(caller)
            else:
                del self._waiting[caller]
            self._free -= 1
            self._threads.submit(self._run, seat)

    def _run(self, seat: Seat) -> None:
        try:
            seat.work()
        finally:
            with self._lock:
                self._free += 1
                self._begin()
