"""Plans on the wire: how a question will be answered, to be looked at and changed. Times are seconds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.api.schemas.base import Request
from app.core.types import SegmentKind

Text = Annotated[str, Field(max_length=1000)]


class SpanBody(Request):
    """A stretch of a video."""

    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)


class PlaceBody(Request):
    """A moment that an earlier answer cited."""

    video_id: str
    span: SpanBody
    kind: SegmentKind
    text: str


class ScopeBody(Request):
    """The stretch that the question names. Negative times count from the end; `share`: both are shares of the whole."""

    start: float
    end: float | None = Field(None, description="null: to the end")
    words: Text = ""
    share: bool = False
    at: float | None = Field(None, description="the one moment that is meant, if one is")


class AnchorBody(Request):
    """Something in the video from which the question counts: "after the vote"."""

    text: Text
    side: Literal["before", "after", "while", "between"]
    close: bool = Field(False, description="the very next thing is meant")
    until: Text = Field("", description="the other end of between")
    at: PlaceBody | None = Field(None, description="where it is, if that is known")


class PlanBody(Request):
    """How a question will be answered."""

    question: str = Field(min_length=1, max_length=4000, description="whole: one that pointed back was made whole")
    question_type: Literal[
        "fact",
        "moment",
        "count",
        "yes_no",
        "list",
        "screen_text",
        "speech",
        "visual",
        "summary",
        "compare",
        "order",
        "cause",
    ]
    queries: list[Text] = Field(default=[], max_length=8, description="what is searched for")
    sources: list[SegmentKind] = Field(default=[], description="where to look first; none means everywhere")
    strict: bool = Field(False, description="only those sources can answer")
    scope: ScopeBody | None = None
    anchor: AnchorBody | None = None
    pick: Literal["", "first", "last"] = ""
    unit: Literal["", "text", "line", "sentence", "word"] = ""
    place: Literal["", "top", "bottom"] = ""
    value: Text = Field("", description="the value of a counter on the screen whose moment is asked for")
    seen: bool = Field(False, description="pictures tell the answer")
    by: Literal["rules", "model", "user"] = "user"


class PlanIn(Request):
    """A question to be planned and not answered yet."""

    question: str = Field(min_length=1, max_length=2000)
    thread_id: str | None = Field(None, max_length=100, description="the conversation that it belongs to")
