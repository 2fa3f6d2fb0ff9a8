"""Schedules on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.api.schemas.base import Request, Wire
from app.api.schemas.jobs import JobErrorOut
from app.api.schemas.summaries import SummaryIn

_Question = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
_Collection = Annotated[str, Field(min_length=1, max_length=100, pattern="^[^/]*$")]


class SummaryWish(SummaryIn):
    """The summary that a batch writes of new videos."""

    questions: list[_Question] = Field(default=[], max_length=100)
    formats: list[str] = Field(default=["md", "json"], max_length=20)


class ScheduleIn(Request):
    """A folder of the server, and when to check it: a cron expression or an interval."""

    folder: str = Field(min_length=1, max_length=4096)
    cron: str | None = Field(None, max_length=200, examples=["30 2 * * *"])
    """Five fields, on the server's local clock."""
    every_s: float | None = Field(None, ge=10, allow_inf_nan=False)
    collection: _Collection | None = None
    """The collection for new videos; created if new."""
    summary: SummaryWish | None = None
    paused: bool = False


class ScheduleChange(Request):
    """What to change about a schedule; what you leave out does not change. A cron expression and an interval replace
    each other.
    """

    folder: str | None = Field(None, min_length=1, max_length=4096)
    cron: str | None = Field(None, max_length=200)
    every_s: float | None = Field(None, ge=10, allow_inf_nan=False)
    collection: _Collection | None = None
    summary: SummaryWish | None = None
    paused: bool | None = None


class OutcomeOut(Wire):
    """The result of the last check of the folder."""

    at: str
    """UTC, ISO 8601."""
    new: int
    """The number of files that were queued."""
    waiting: int
    """The number of files that may still be growing; they are checked again in some seconds."""
    jobs: list[str]
    error: JobErrorOut | None


class ScheduleOut(Wire):
    """A folder that the server checks at set times. Times are UTC, ISO 8601."""

    id: str
    folder: str
    cron: str | None
    every_s: float | None
    collection: str | None
    summary: SummaryWish | None
    paused: bool
    created_at: str
    next_at: str | None
    """Null while it is paused."""
    last: OutcomeOut | None
