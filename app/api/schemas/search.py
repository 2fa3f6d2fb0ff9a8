"""Searches and chosen frames on the wire."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas.base import Wire
from app.core.types import Evidence, SegmentKind


class FoundOut(Wire):
    """A moment that matches a search. Times are seconds on the video's clock; `score` is 0 to 1."""

    video_id: str
    start_s: float
    end_s: float
    kind: SegmentKind
    text: str
    frame_s: float | None
    score: float
    found_by: list[str]

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """The wire form of a piece of evidence."""
        segment = evidence.segment
        return cls(
            video_id=segment.video_id,
            start_s=segment.span.start_s,
            end_s=segment.span.end_s,
            kind=segment.kind,
            text=segment.text,
            frame_s=segment.frame_s,
            score=min(1.0, max(0.0, evidence.score)),
            found_by=list(evidence.found_by),
        )


class FramesIn(BaseModel):
    """Which frames of a video to choose, and how. Any other parameter is an option of the method, which refuses those
    that it does not have."""

    model_config = ConfigDict(extra="allow")

    question: str = Field("", max_length=4000, description="what the frames should show")
    method: str = Field(
        "", max_length=100, description="a method by its name in the settings; empty: the one that the settings choose"
    )
    count: int = Field(8, ge=1, le=1024, description="the most frames to choose")
    start_s: float = Field(0.0, ge=0, allow_inf_nan=False)
    end_s: float | None = Field(None, ge=0, allow_inf_nan=False)


class ChosenOut(Wire):
    """Frames that were chosen from a video. Times are seconds on its clock, ascending."""

    video_id: str
    method: str
    considered: int
    """The number of frames to choose from."""
    times_s: list[float]
