"""What the tools return: the wire types, cut down to what a language model needs."""

from __future__ import annotations

from typing import Any, Self

from app.api.schemas import AnswerOut, CitationOut, JobOut, VideoOut
from app.api.schemas.base import Wire
from app.core.types import AnswerStatus
from app.jobs.states import JobState


class VideoLine(Wire):
    """A video of the library."""

    id: str
    title: str
    duration_s: float
    language: str | None
    ready: bool
    """Whether it can be asked about."""
    collections: list[str]
    """The names of the collections that hold it."""

    @classmethod
    def of(cls, video: VideoOut) -> Self:
        """The short form of a video."""
        return cls(
            id=video.id,
            title=video.title,
            duration_s=video.duration_s,
            language=video.language,
            ready=video.ready,
            collections=video.tags,
        )


class VideoList(Wire):
    """Videos, newest first; `total` counts also those beyond the limit."""

    videos: list[VideoLine]
    total: int


class JobLine(Wire):
    """How far the reading of a video is."""

    job_id: str
    state: JobState
    title: str
    stage: str
    """What is being done now; empty when nothing is."""
    stage_done_share: float | None
    """How much of that stage is done, 0 to 1."""
    video_id: str | None
    """The video, once it was read."""
    error: str

    @classmethod
    def of(cls, job: JobOut) -> Self:
        """The short form of a job."""
        result: dict[str, Any] = job.result or {}
        return cls(
            job_id=job.id,
            state=job.state,
            title=job.title,
            stage=str(getattr(job.progress, "stage", "")),
            stage_done_share=job.done_share,
            video_id=result.get("video_id"),
            error=f"{job.error.message} {job.error.hint}".strip() if job.error else "",
        )


class ToolAnswer(Wire):
    """An answer and the moments that prove it. Times are seconds."""

    status: AnswerStatus
    text: str
    option_index: int | None
    confidence: float
    citations: list[CitationOut]

    @classmethod
    def of(cls, answer: AnswerOut) -> Self:
        """An answer without the steps that led to it."""
        return cls(
            status=answer.status,
            text=answer.text,
            option_index=answer.option_index,
            confidence=answer.confidence,
            citations=answer.citations,
        )


class SaidLine(Wire):
    """A sentence that was said. Times are seconds."""

    start_s: float
    end_s: float
    speaker: str | None
    text: str


class TranscriptPart(Wire):
    """Sentences in time order; `next_start_s` is where to go on when there are more."""

    sentences: list[SaidLine]
    next_start_s: float | None
