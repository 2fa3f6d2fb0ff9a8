"""Plans on the wire: where to look for an answer, to be read and changed. Times are seconds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.api.schemas.base import Request
from app.core.requests import LONGEST_QUESTION
from app.core.types import SegmentKind

Text = Annotated[str, Field(max_length=1000)]


class ScopeBody(Request):
    """The part of a video that counts. Negative times count from the end; `share`: both are shares of the whole."""

    start: float
    end: float | None = Field(None, description="null: to the end")
    words: Text = ""
    share: bool = False
    at: float | None = Field(None, description="the exact moment in seconds, if the question names one")


class PlanBody(Request):
    """Where to look for an answer."""

    question: str = Field(
        min_length=1, max_length=4000, description="the whole question, rewritten if it referred back"
    )
    queries: list[Text] = Field(default=[], max_length=8, description="what to search for first")
    sources: list[SegmentKind] = Field(default=[], description="the only kinds of evidence to use; empty: all")
    scope: ScopeBody | None = None
    by: Literal["rules", "model", "user"] = "user"


class PlanIn(Request):
    """A question to plan without answering it."""

    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    thread_id: str | None = Field(None, max_length=100, description="the conversation that it belongs to")
