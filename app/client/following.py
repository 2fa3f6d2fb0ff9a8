"""Reads event streams, and follows background work until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from app.api.schemas import AnswerOut, JobOut, ProblemOut, error_of
from app.api.schemas.batches import BatchOut
from app.api.schemas.summaries import MadeSummaryOut
from app.client import wire
from app.core.errors import Cancelled, WorkerFailed
from app.core.events import EVENT, Event, Failed
from app.jobs.states import JobState

RECONNECTS = 5

Item = TypeVar("Item")
Work = TypeVar("Work", JobOut, BatchOut)


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
        """The event that ends with this line, or a heartbeat; None in the middle of an event."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            ended = ServerEvent(self._kind or "message", "\n".join(self._data), self._number) if self._data else None
            self._kind, self._data = "", []
            return ended
        if not name:
            return ServerEvent()
        if name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and value.isdecimal():
            self._number = int(value)
        return None


class Reconnect:
    """Counts failed attempts, and says how long to wait before the next one."""

    def __init__(self) -> None:
        self._lost = 0

    def restored(self) -> None:
        """Starts counting again: the connection works."""
        self._lost = 0

    def lost(self, error: WorkerFailed) -> float:
        """Seconds to wait before the next attempt. Raises the error after several failures, or when it is no use."""
        self._lost += 1
        if self._lost > RECONNECTS or not error.retryable:
            raise error
        return float(min(5.0, 0.2 * 2.0**self._lost))


class Waiting(Generic[Item]):
    """Follows background work across lost connections, until it ends or the time is up."""

    def __init__(
        self,
        what: str,
        timeout_s: float | None,
        read: Callable[[ServerEvent], Item | None],
        on_pulse: Callable[[], None],
    ) -> None:
        """`on_pulse` is called every few seconds, also while nothing happens; what it raises ends the waiting."""
        self.after = 0
        self.ended = False
        self._what = what
        self._timeout_s = timeout_s
        self._read = read
        self._on_pulse = on_pulse
        self._deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self._reconnect = Reconnect()

    def take(self, event: ServerEvent) -> Item | None:
        """What an event says; None for a heartbeat. Raises WorkerFailed when the time is up."""
        self._reconnect.restored()
        self.after = max(self.after, event.number)
        self.ended = event.kind == "end"
        self._on_pulse()
        if not self.ended and self._time_is_up:
            raise WorkerFailed(
                f"{self._what} has not ended after {self._timeout_s:g} s.", "It goes on; wait for it again."
            )
        return self._read(event)

    def lost(self, error: WorkerFailed | None = None) -> float:
        """Seconds to wait before reconnecting. Raises the error when the time is up, and after several failures."""
        self._on_pulse()
        error = error or WorkerFailed("The server keeps closing the stream.", "See its log.")
        if self._time_is_up:
            raise error
        return self._reconnect.lost(error)

    @property
    def _time_is_up(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline


def job_event_in(event: ServerEvent) -> Event | JobOut | None:
    """Reads an event of a job, or the job as it ended; None for a heartbeat."""
    return JobOut.model_validate_json(event.data) if event.kind == "end" else event_of(event)


def batch_in(event: ServerEvent) -> BatchOut | None:
    """Reads the state of a batch; None for a heartbeat."""
    return BatchOut.model_validate_json(event.data) if event.kind else None


def ignore_batch(batch: BatchOut) -> None:
    """Does nothing with the state of a batch."""


def ignore_pulse() -> None:
    """Does nothing."""


def step_of(event: ServerEvent) -> Event | AnswerOut | None:
    """Reads a step of the agent or its answer; None for a heartbeat. Raises the error that the stream reports."""
    if event.kind == "problem":
        raise wire.error_in(ProblemOut.model_validate_json(event.data))
    if event.kind == "answer":
        return AnswerOut.model_validate_json(event.data)
    return event_of(event)


def summary_in(event: ServerEvent) -> MadeSummaryOut | None:
    """Reads a summary; None for a heartbeat. Raises the error that the stream reports."""
    if event.kind == "problem":
        raise wire.error_in(ProblemOut.model_validate_json(event.data))
    return MadeSummaryOut.model_validate_json(event.data) if event.kind == "summary" else None


def event_of(event: ServerEvent) -> Event | None:
    """Reads what happened; None for a heartbeat, and for kinds that only a newer client knows."""
    try:
        return EVENT.validate_json(event.data) if event.kind else None
    except ValidationError:
        return None


def ended_well(work: Work, name: str) -> Work:
    """The work if it finished; `name` is for messages. Raises the error it failed with, or Cancelled."""
    if work.state is JobState.FAILED and work.error is not None:
        raise error_of(Failed(work.error.code, work.error.message, work.error.hint))
    if work.state is JobState.CANCELLED:
        raise Cancelled(f"{name} was cancelled.", "Retry it to continue where it stopped.")
    return work
