"""The port for where work runs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any, Protocol, runtime_checkable

CallBeat = Callable[[int, float], None]
"""Called often, in the caller's thread, with a call's number and the share of it that is done (0 to 1).

What it raises ends the work.
"""


@runtime_checkable
class Runtime(Protocol):
    """Calls a method of one object many times: in this process, or on its copies on many machines.

    The method is called as `method(call, beat)`, where `beat` takes the share of the call that is done. Calls
    and results are small plain data that can be sent. A LongreelError or an OSError of a call is raised
    unchanged and ends the rest.
    """

    def map(self, method: str, calls: Iterable[Any], *, beat: CallBeat) -> Generator[tuple[int, Any], None, None]:
        """Yields the number of each call, from 0, with its result, in the order in which they finish.

        `calls` is read only slightly ahead of what has finished, so that memory stays flat. `beat` is called for
        every call before its result comes, and several times a second while one waits. When a worker dies its
        call is tried again, a bounded number of times; then WorkerFailed. Closing the generator ends the rest.
        """
        ...
