"""Where work runs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any, Protocol, runtime_checkable

CallBeat = Callable[[int, float], None]
"""Told often, in the caller's thread, which share (0 to 1) of which call is done; what it raises ends the work."""


@runtime_checkable
class Runtime(Protocol):
    """Calls a method of one object many times: in this process, or of its copies on many machines.

    The method is called as `method(call, beat)`, where `beat` takes the share of the call that is done. A
    call is small plain data that can be sent, and so is a result. What a call raises of ours, or an OSError,
    comes out unchanged and ends the rest.
    """

    def map(self, method: str, calls: Iterable[Any], *, beat: CallBeat) -> Generator[tuple[int, Any], None, None]:
        """The number of each call from 0 with its result, as they finish, in any order.

        Calls are taken from `calls` only a few ahead of what has finished, so that memory stays flat. `beat` is
        told of every call before its result comes, and a few times a second while one waits. A worker that dies
        costs a bounded number of other tries; then WorkerFailed. Closing the generator ends the rest.
        """
        ...
