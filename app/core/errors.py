"""One tree of errors. The class says who must act, the message says what to do.

    LongreelError
    |-- BadInput            the caller: give another file, address or option             (exit 3)
    |   `-- Conflict        the caller: the job, upload or run is in another state
    |-- NotFound            the caller: name something that exists                        (exit 4)
    |-- MissingPart         whoever runs Longreel: install or configure something         (exit 5)
    |   `-- BadSettings     a setting that is misspelt or out of range
    |-- WorkerFailed        nobody yet: the work can be tried again                       (exit 1)
    |   |-- StillLoading    nobody yet: a server of models loads its model
    |   |-- StorageFull     whoever runs Longreel: free some space, then resume
    |   |-- Damaged         whoever runs Longreel: rebuild the index
    |   `-- InUse           whoever runs Longreel: stop the other process, or use it
    |-- ToolRefused         the agent: call the tool differently
    |-- Unexpected          whoever develops Longreel: a case nobody thought of          (exit 1)
    `-- Cancelled           nobody: it was requested

The engine that catches an exception of a library turns it into one of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from app.core.paths import readable


class LongreelError(Exception):
    """Anything that Longreel reports to a person. `hint` is one sentence on what to do next."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = readable(message)
        self.hint = readable(hint)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class BadInput(LongreelError):
    """The file, address or option cannot be used."""

    code = "bad_input"
    exit_code = 3
    http_status = 422


class Conflict(BadInput):
    """The job, upload or run is in a state in which this cannot be done with it."""

    code = "conflict"
    http_status = 409


class NotFound(LongreelError):
    """There is no such video, job or answer, or the name matches several."""

    code = "not_found"
    exit_code = 4
    http_status = 404


class MissingPart(LongreelError):
    """A package, a model or a server that the chosen profile needs is missing."""

    code = "missing_part"
    exit_code = 5
    http_status = 503


class BadSettings(MissingPart):
    """A setting is unknown or out of range."""

    code = "bad_settings"


class WorkerFailed(LongreelError):
    """A model or a store failed in a way that another try may fix."""

    code = "worker_failed"
    http_status = 503
    retryable = True


class StillLoading(WorkerFailed):
    """A server of models answers, but has not loaded its model yet."""

    code = "still_loading"

    @classmethod
    def of(cls, address: str) -> StillLoading:
        """The error for the server at an address."""
        return cls(
            f"The model server at {address} is not ready: it may still be loading its model.", "Try again in a minute."
        )


class StorageFull(WorkerFailed):
    """The disk is full. Finished work is safe; the rest resumes where it stopped."""

    code = "storage_full"
    http_status = 507
    retryable = False


class Damaged(WorkerFailed):
    """An index is unreadable. Everything in it is also in the library, from which it can be rebuilt."""

    code = "damaged"
    retryable = False


class InUse(WorkerFailed):
    """Another process is using a store. The work itself was not attempted."""

    code = "in_use"


class Unexpected(LongreelError):
    """An unexpected failure."""

    code = "internal"


class ToolRefused(LongreelError):
    """An agent's tool cannot do what it was called for; the agent should call it differently."""

    code = "tool_refused"


class Cancelled(LongreelError):
    """The work was cancelled by request."""

    code = "cancelled"
    http_status = 409


@contextmanager
def contained() -> Iterator[None]:
    """Turns whatever the block raises into a LongreelError, except Ctrl-C and the end of the program.

    The compiled cores of libraries panic with exceptions that are not an `Exception`.
    """
    try:
        yield
    except (LongreelError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise unexpected(error) from error


def unexpected(error: BaseException) -> LongreelError:
    """Our error for any exception."""
    if isinstance(error, LongreelError):
        return error
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Unexpected(f"Longreel failed in a way it should not ({readable(reason)}).", "The log has the details.")
