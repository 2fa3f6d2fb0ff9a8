"""Summaries on demand, and edited chapters, on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints

from app.api.schemas.answers import CitationOut
from app.api.schemas.base import Request, Wire
from app.api.schemas.webhooks import WebhookIn
from app.core.requests import SummaryRequest
from app.core.timecode import parse_clock

if TYPE_CHECKING:
    from app.services.summarize import Point


Length = Literal["line", "paragraph", "page"]
Style = Literal["neutral", "minutes", "notes", "highlights"]


class SummaryIn(Request):
    """The form of a summary."""

    length: Length = "paragraph"
    style: Style = "neutral"
    language: str | None = Field(None, pattern="^[a-z]{2,3}$", description="ISO 639-1; the video's own unless given")

    def to_request(self) -> SummaryRequest:
        """What the services take."""
        return SummaryRequest.of(self.length, self.style, self.language)


class PointOut(Wire):
    """A sentence of a summary with its sources."""

    text: str
    label: str
    """The kind of point, such as "decision"; empty for most."""
    who: str = ""
    """In minutes, who says it or is to do it; empty where that is not known."""
    citations: list[CitationOut]

    @classmethod
    def of(cls, point: Point) -> Self:
        """The wire form of a point."""
        citations = [CitationOut.of(one) for one in point.citations]
        return cls(text=point.text, label=point.label, who=point.who, citations=citations)


class SectionOut(Wire):
    """Points that belong together. Times are null where they come from all over the video."""

    title: str
    start_s: float | None
    end_s: float | None
    points: list[PointOut]
    left_out: int = 0
    """How many more such points there are than the length allows."""


class MadeSummaryOut(Wire):
    """A summary of a video, sentence by sentence."""

    video_id: str
    length: str
    style: str
    language: str | None
    model: str
    """The model that phrased it; "extractive" if it quotes the video's own sentences."""
    sections: list[SectionOut]


class CollectionSummaryIn(SummaryIn):
    """The form of a summary of several videos, named one by one or as a collection."""

    videos: list[Annotated[str, StringConstraints(min_length=1, max_length=300)]] = Field(default=[], max_length=1000)
    """Ids, beginnings of ids or titles."""
    collection: str | None = Field(None, max_length=100)
    """Id or name of a collection whose videos are added."""
    webhook: WebhookIn | None = None
    """The webhook to notify when the summary is ready or has failed."""


class VideoLineOut(Wire):
    """One video in a sentence; null if it has no summary yet."""

    video_id: str
    title: str
    point: PointOut | None


class CollectionSummaryOut(Wire):
    """A summary of several videos, sentence by sentence. Each citation names its video."""

    length: str
    style: str
    language: str | None
    model: str
    """The model that phrased it; "extractive" if it quotes the videos' own sentences."""
    sections: list[SectionOut]
    """What the videos say together. For the style `page`, a section is what one video says."""
    videos: list[VideoLineOut]
    """In the order in which they were added to the library."""


def _read_clock(value: Any) -> Any:
    seconds = parse_clock(value) if isinstance(value, str) else None
    return value if seconds is None else seconds


class HeadingIn(Request):
    """Where a chapter begins, and what it is called. It ends where the next one begins."""

    start_s: Annotated[float, BeforeValidator(_read_clock), Field(ge=0, allow_inf_nan=False)]
    """Seconds; also a clock time such as 1:23 or a time code such as 01:02:03:12."""
    title: Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]


class ChaptersIn(Request):
    """All chapters of a video, in order; the first begins at 0."""

    chapters: list[HeadingIn] = Field(min_length=1, max_length=1000)
