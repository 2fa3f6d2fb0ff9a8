"""What both clients share below their calls: server-sent events, errors, files on their way up."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from app.api.schemas import AnswerOut, JobOut, ProblemOut, error_of
from app.api.schemas.batches import BatchOut
from app.api.schemas.summaries import MadeSummaryOut
from app.core.errors import BadInput, Cancelled, LongreelError, WorkerFailed
from app.core.events import EVENT, Event, Failed
from app.jobs.states import JobState

HOME = "http://127.0.0.1:7860"
"""Where `longreel serve` is unless told otherwise."""
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
"""Seconds of silence; a live stream has a heartbeat more often than this."""
LOCAL = ("127.0.0.1", "localhost", "::1")
RECONNECTS = 5
PIECE = 8 << 20
"""Bytes of an upload that are sent at a time, where it can go on after a break."""

Told = TypeVar("Told")

Tell = Callable[[int, int], None]
"""Told how many bytes of a file are sent or received, and how many there are."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a stream; `kind` is empty for a heartbeat."""

    kind: str = ""
    data: str = ""
    number: int = 0


class EventReader:
    """Puts events together from the lines of a text/event-stream."""

    def __init__(self) -> None:
        self._kind = ""
        self._number = 0
        self._data: list[str] = []

    def feed(self, line: str) -> ServerEvent | None:
        """The event that this line ends, or a heartbeat; None while an event goes on."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            return self._end()
        if not name:
            return ServerEvent()
        if name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and value.isdecimal():
            self._number = int(value)
        return None

    def _end(self) -> ServerEvent | None:
        ended = ServerEvent(self._kind or "message", "\n".join(self._data), self._number) if self._data else None
        self._kind, self._data = "", []
        return ended


class Patience:
    """How often one tries again, and after what pause."""

    def __init__(self) -> None:
        self._lost = 0

    def restored(self) -> None:
        """It works again."""
        self._lost = 0

    def lost(self, error: WorkerFailed) -> float:
        """Seconds to wait before the next try. Raises the error after several in vain, or if trying is no use."""
        self._lost += 1
        if self._lost > RECONNECTS or not error.retryable:
            raise error
        return float(min(5.0, 0.2 * 2.0**self._lost))


class Waiting(Generic[Told]):
    """How background work is followed over lost connections, until it ends or the time is up."""

    def __init__(self, what: str, timeout_s: float | None, read: Callable[[ServerEvent], Told | None]) -> None:
        self.after = 0
        self.ended = False
        self._what = what
        self._timeout_s = timeout_s
        self._read = read
        self._deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self._patience = Patience()

    def take(self, event: ServerEvent) -> Told | None:
        """What an event of the stream says; None for a heartbeat. Raises WorkerFailed when the time is up."""
        self._patience.restored()
        self.after = max(self.after, event.number)
        self.ended = event.kind == "end"
        if not self.ended and self._deadline is not None and time.monotonic() > self._deadline:
            raise WorkerFailed(
                f"{self._what} has not ended after {self._timeout_s:g} s.", "It goes on; wait for it again."
            )
        return self._read(event)

    def lost(self, error: httpx.HTTPError | None = None) -> float:
        """Seconds to wait before the connection is made again. Raises WorkerFailed after several in vain."""
        closed = WorkerFailed("The server keeps closing the stream.", "See its log.")
        return self._patience.lost(unreachable(error) if error else closed)


def job_told(event: ServerEvent) -> Event | JobOut | None:
    """What happened to a job, or the job as it ended; None for a heartbeat."""
    return JobOut.model_validate_json(event.data) if event.kind == "end" else event_of(event)


def batch_told(event: ServerEvent) -> BatchOut | None:
    """The state of a batch; None for a heartbeat."""
    return BatchOut.model_validate_json(event.data) if event.kind else None


def hush(batch: BatchOut) -> None:
    """The listener of those who do not listen to a batch."""


def step_of(event: ServerEvent) -> Event | AnswerOut | None:
    """A step of the agent or its answer; None for a heartbeat. Raises the problem that the stream tells."""
    if event.kind == "problem":
        raise error_in(ProblemOut.model_validate_json(event.data))
    if event.kind == "answer":
        return AnswerOut.model_validate_json(event.data)
    return event_of(event)


def summary_in(event: ServerEvent) -> MadeSummaryOut | None:
    """A summary; None for a heartbeat. Raises the problem that the stream tells."""
    if event.kind == "problem":
        raise error_in(ProblemOut.model_validate_json(event.data))
    return MadeSummaryOut.model_validate_json(event.data) if event.kind == "summary" else None


def event_of(event: ServerEvent) -> Event | None:
    """What happened; None for a heartbeat, and for what only a newer client knows."""
    try:
        return EVENT.validate_json(event.data) if event.kind else None
    except ValidationError:
        return None


def ended_well(job: JobOut) -> JobOut:
    """The job, when it finished. Raises the error it failed with, or Cancelled."""
    if job.state is JobState.FAILED and job.error is not None:
        raise error_of(Failed(job.error.code, job.error.message, job.error.hint))
    if job.state is JobState.CANCELLED:
        raise Cancelled(f"The job on {job.title} was cancelled.", "Retry it to go on where it stopped.")
    return job


def batch_ended_well(batch: BatchOut) -> BatchOut:
    """The batch, when it finished. Raises the error it failed with, or Cancelled."""
    if batch.state is JobState.FAILED and batch.error is not None:
        raise error_of(Failed(batch.error.code, batch.error.message, batch.error.hint))
    if batch.state is JobState.CANCELLED:
        raise Cancelled("The batch was cancelled.", "Retry it to go on where it stopped.")
    return batch


def check(response: httpx.Response) -> httpx.Response:
    """The answer, when it is none of the errors, which are raised. Its body must have been read."""
    if response.is_success:
        return response
    try:
        raise error_in(ProblemOut.model_validate_json(response.content))
    except ValidationError:
        told = f"The server answered with status {response.status_code}."
        raise WorkerFailed(told, "See whether the address is that of Longreel.") from None


def error_in(problem: ProblemOut) -> LongreelError:
    """The error that a problem document tells."""
    return error_of(Failed(problem.code, problem.detail, problem.hint))


def unreachable(error: httpx.HTTPError) -> WorkerFailed:
    """The error for a server that does not answer."""
    told = "The server does not answer" if isinstance(error, httpx.ConnectError) else "The connection broke"
    return WorkerFailed(f"{told} ({type(error).__name__}).", "Start it with: longreel serve")


@contextmanager
def http_errors() -> Iterator[None]:
    """Errors of the connection become ours."""
    try:
        yield
    except httpx.HTTPError as error:
        raise unreachable(error) from error


def client_options(base_url: str, key: str) -> dict[str, Any]:
    """The keyword arguments that both kinds of httpx client take. A proxy is never asked for this machine itself."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    local = urlsplit(base_url).hostname in LOCAL
    return {"base_url": base_url.rstrip("/"), "headers": headers, "timeout": TIMEOUT, "trust_env": not local}


@contextmanager
def upload_form(
    path: Path, fields: dict[str, str | None], subtitles: Path | None, tell: Tell | None
) -> Iterator[dict[str, Any]]:
    """The form that uploads a file; it is read from the disk while it is sent. Raises BadInput."""
    opened: list[io.FileIO] = []
    try:
        opened.append(_SentFile(path, tell))
        files = {"file": (path.name, opened[0])}
        if subtitles is not None:
            opened.append(_SentFile(subtitles, None))
            files["subtitles"] = (subtitles.name, opened[1])
        yield {"data": {name: value for name, value in fields.items() if value}, "files": files}
    except OSError as error:
        raise BadInput(f"{error.filename or path} cannot be read: {error.strerror}.", "Check the path.") from error
    finally:
        for file in opened:
            file.close()


class _SentFile(io.FileIO):
    """A file that tells how far it was read."""

    def __init__(self, path: Path, tell: Tell | None) -> None:
        super().__init__(path)
        self._told = tell
        self._size = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size)
        if self._told is not None and data:
            self._told(self.tell(), self._size)
        return data or b""


class Sending:
    """A file that is sent in pieces. As a context it holds the file open. Raises BadInput."""

    def __init__(self, path: Path, tell: Tell | None) -> None:
        self.patience = Patience()
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
        self.size = path.stat().st_size
        self._tell = tell
        self._reached = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def piece(self, offset: int) -> bytes:
        """What is to be sent from there on."""
        self._file.seek(offset)
        return self._file.read(PIECE)

    def reached(self, offset: int) -> None:
        """So much of it is there."""
        if offset > self._reached:
            self._reached = offset
            self.patience.restored()
            if self._tell is not None:
                self._tell(offset, self.size)


@contextmanager
def saved(path: Path, response: httpx.Response, tell: Tell | None) -> Iterator[Callable[[bytes], None]]:
    """Takes a file's pieces; it stands under its name once it is whole. Raises BadInput."""
    size, part = int(response.headers.get("content-length", 0)), path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:

            def write(piece: bytes) -> None:
                file.write(piece)
                if tell is not None:
                    tell(file.tell(), size)

            yield write
        part.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.", "Check the path and the free space.") from error
    finally:
        part.unlink(missing_ok=True)


def names_of(videos: str | Sequence[str]) -> list[str]:
    """Videos by id, beginning of an id or title; one name may stand alone."""
    return [videos] if isinstance(videos, str) else list(videos)
