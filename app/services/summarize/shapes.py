"""The types of a summary: sections of points, each point with its citations."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.requests import SummaryRequest
from app.core.types import Citation, TimeSpan, VideoId

EXTRACTIVE = "extractive"
"""Used instead of a model's name when sentences of the video are quoted."""


@dataclass(frozen=True, slots=True)
class Point:
    """One sentence of a summary. Its citations quote the video, never another summary."""

    text: str
    citations: tuple[Citation, ...]
    label: str = ""
    """The kind of point, such as "decision" or "definition"; empty for most."""
    who: str = ""
    """Who says it or is to do it, in minutes; empty where that is not known."""

    @property
    def span(self) -> TimeSpan:
        """From the first to the last cited moment, in the video of its first citation."""
        first = self.citations[0]
        span = first.span
        for citation in self.citations[1:]:
            if citation.video_id == first.video_id:
                span = span.hull(citation.span)
        return span


@dataclass(frozen=True, slots=True)
class Section:
    """Points that belong together. `span` is None if they come from all over the video."""

    title: str
    span: TimeSpan | None
    points: tuple[Point, ...]
    left_out: int = 0
    """How many more such points there are than the length allows."""


class _Sectioned:
    """The common base of summaries made of sections."""

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
    """The summary of a video."""

    video_id: VideoId
    title: str
    wanted: SummaryRequest
    sections: tuple[Section, ...]
    model: str
    """The model that phrased it; EXTRACTIVE if the video's own sentences are quoted."""


@dataclass(frozen=True, slots=True)
class VideoSentence:
    """One video of a collection in one sentence; None if nothing is known about it, or it is not ready."""

    video_id: VideoId
    title: str
    point: Point | None


@dataclass(frozen=True, slots=True)
class CollectionSummary(_Sectioned):
    """The summary of several videos: one text for all, and one sentence about each."""

    wanted: SummaryRequest
    sections: tuple[Section, ...]
    """Each citation names its video. In a page-long summary, each section is about one video."""
    videos: tuple[VideoSentence, ...]
    """In the order they were added to the library."""
    model: str
    """The model that phrased it; EXTRACTIVE if the videos' own sentences are quoted."""
