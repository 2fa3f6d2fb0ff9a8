"""What a summary is: sections of points, each point with the moments that it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.core.types import Citation, TimeSpan, VideoId

EXTRACTIVE = "extractive"
"""The name of no model: sentences of the video are quoted."""


class Length(StrEnum):
    """How much is told."""

    LINE = "line"
    PARAGRAPH = "paragraph"
    PAGE = "page"

    @property
    def words(self) -> int:
        """The most words that a summary of this length has."""
        return {"line": 25, "paragraph": 120, "page": 500}[self.value]


class Style(StrEnum):
    """What is told."""

    NEUTRAL = "neutral"
    """What it is about."""
    MINUTES = "minutes"
    """What was decided, who does what, what else was discussed."""
    NOTES = "notes"
    """What to learn from it, chapter by chapter: definitions, figures, examples."""
    HIGHLIGHTS = "highlights"
    """The moments worth watching, in their own words."""


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """The summary that somebody asks for."""

    length: Length = Length.PARAGRAPH
    style: Style = Style.NEUTRAL
    language: str | None = None
    """ISO 639-1; the video's own language when None."""


@dataclass(frozen=True, slots=True)
class Point:
    """One sentence of a summary. Its citations quote what was said or written, never another summary."""

    text: str
    citations: tuple[Citation, ...]
    label: str = ""
    """What kind of point it is, such as "decision" or "definition"; empty for most."""

    @property
    def span(self) -> TimeSpan:
        """From the first to the last moment that it comes from, in the video of its first citation."""
        first = self.citations[0]
        span = first.span
        for citation in self.citations[1:]:
            if citation.video_id == first.video_id:
                span = span.hull(citation.span)
        return span


@dataclass(frozen=True, slots=True)
class Section:
    """Points that belong together. `span` is None where they come from all over the video."""

    title: str
    span: TimeSpan | None
    points: tuple[Point, ...]


class _Sectioned:
    """What a summary of anything can tell of its sections."""

    __slots__ = ()
    sections: tuple[Section, ...]

    @property
    def points(self) -> tuple[Point, ...]:
        """All points in reading order."""
        return tuple(point for section in self.sections for point in section.points)

    @property
    def text(self) -> str:
        """The points as one running text."""
        return " ".join(point.text for point in self.points)


@dataclass(frozen=True, slots=True)
class VideoSummary(_Sectioned):
    """A video in short."""

    video_id: VideoId
    title: str
    wanted: SummaryRequest
    sections: tuple[Section, ...]
    model: str
    """What phrased it; EXTRACTIVE where the video's own sentences are quoted."""


@dataclass(frozen=True, slots=True)
class VideoSentence:
    """One video of a collection, in one sentence; None when nothing is known of it, or it is still being read."""

    video_id: VideoId
    title: str
    point: Point | None


@dataclass(frozen=True, slots=True)
class CollectionSummary(_Sectioned):
    """Several videos in short: what they tell together, and each in a sentence."""

    wanted: SummaryRequest
    sections: tuple[Section, ...]
    """Each citation names the video that it lies in. On a page a section is what one video tells."""
    videos: tuple[VideoSentence, ...]
    """In the order in which they were added to the library."""
    model: str
    """What phrased it; EXTRACTIVE where the videos' own sentences are quoted."""
