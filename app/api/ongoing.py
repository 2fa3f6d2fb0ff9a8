"""Questions that are answered even if their client disconnects, and that another client can rejoin.

A question is known by the id of its run. Its steps stay in memory until some minutes after the end; the answer itself
is stored in the library.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal

from app.api.asking import Steps
from app.api.line import Seat
from app.core.errors import Cancelled, Conflict, LongreelError, NotFound, unexpected
from app.core.events import Answered, Event
from app.core.requests import AskRequest

FORGET_S = 600.0
"""How long a question can be rejoined after its end."""
REJOIN_S = 20.0
"""How long a question may wait in line without a reader."""
WATCH_S = 0.5

State = Literal["waiting", "running", "answered", "failed", "cancelled"]


@dataclass(eq=False)
class OngoingQuestion:
    """One question, its steps so far, and its readers."""

    request: AskRequest
    seat: Seat
    steps: Steps
    events: list[Event] = field(default_factory=list)
    error: LongreelError | None = None
    ended_at: float | None = None
    readers: int = 0
    left_at: float = field(default_factory=time.monotonic)
    """When it last had a reader."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """What it is doing."""
        if self.ended_at is None:
            return "waiting" if self.seat.place else "running"
        if isinstance(self.error, Cancelled):
            return "cancelled"
        return "failed" if self.error else "answered"

    @property
    def answer_id(self) -> str:
        """The id of the stored answer; empty before the end."""
        return next((event.id for event in self.events if isinstance(event, Answered)), "")

    def begin(self) -> None:
        """Starts to collect the steps."""
        self._task = asyncio.create_task(self._collect())

    async def cancel(self) -> None:
        """Stops the question; its readers get Cancelled."""
        if self._task is not None and self.ended_at is None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def read(self) -> AsyncGenerator[Event | None]:
        """All steps from the first, then None now and then while nothing happens. Raises what the question raised."""
        self.readers += 1
        try:
            number = 0
            while True:
                while number < len(self.events):
                    number += 1
                    yield self.events[number - 1]
                if self.ended_at is not None:
                    break
                changed = self._changed
                try:
                    await asyncio.wait_for(changed.wait(), WATCH_S)
                except TimeoutError:
                    yield None
            if self.error is not None:
                raise self.error
        finally:
            self.readers -= 1
            self.left_at = time.monotonic()

    async def _collect(self) -> None:
        try:
            async with aclosing(self.steps) as steps:
                async for step in steps:
                    if step is not None:
                        self.events.append(step)
                        self._wake()
                    elif not self.readers and self.seat.place > 0 and time.monotonic() - self.left_at > REJOIN_S:
                        raise Cancelled("The question was cancelled: nobody waited for it.", "Ask again.")
        except asyncio.CancelledError:
            self.error = Cancelled("The question was cancelled.", "Ask again.")
        except Exception as error:  # noqa: BLE001 - raised for each reader
            self.error = unexpected(error)
        finally:
            self.ended_at = time.monotonic()
            self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class OngoingQuestions:
    """The questions of one server by the ids of their runs."""

    def __init__(self) -> None:
        self._questions: dict[str, OngoingQuestion] = {}

    def check_free(self, run_id: str) -> None:
        """Raises Conflict if a question is being answered under this id."""
        known = self._questions.get(run_id)
        if known is not None and known.ended_at is None:
            raise Conflict(f"The question {run_id} is already being answered.", "Rejoin it, or use another run_id.")

    def add(self, question: OngoingQuestion) -> None:
        """Starts a question; one that ended under the same id is forgotten."""
        now = time.monotonic()
        for old in [one for one in self._questions.values() if one.ended_at and now - one.ended_at > FORGET_S]:
            del self._questions[old.request.run]
        self._questions[question.request.run] = question
        question.begin()

    def find(self, run_id: str) -> OngoingQuestion:
        """The question of a run. Raises NotFound."""
        if run_id not in self._questions:
            raise NotFound("This question is not being answered.", "Ask it again.")
        return self._questions[run_id]
