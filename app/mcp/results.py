"""The tools' results: the wire types, cut down to what a language model needs."""

from __future__ import annotations

from typing import Any, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from app.api.schemas import CitationOut, JobOut
from app.api.schemas.base import Wire
from app.core.types import AnswerStatus
from app.jobs.states import JobState


class Cut(Wire):
    """Some fields of a wire type."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, whole: BaseModel) -> Self:
        """The short form of a wire type."""
        return cls.model_validate(whole)


class VideoEntry(Cut):
    """A video of the library."""

    id: str
    title: str
    duration_s: float
    language: str | None
    ready: bool
    """Whether it is ready to be searched and asked about."""
    collections: list[str] = Field(validation_alias=AliasChoices("collections", "tags"))
    """The names of its collections."""


class VideoList(Wire):
    """Videos, newest first; `total` also counts those beyond the limit."""

    videos: list[VideoEntry]
    total: int


class JobLine(Wire):
    """The progress of a video's ingest."""

    job_id: str
    state: JobState
    title: str
    stage: str
    """The stage that is running; empty if none is."""
    stage_done_share: float | None
    """The share of that stage that is done, 0 to 1."""
    video_id: str | None
    """The video, once it is ingested."""
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


class ToolAnswer(Cut):
    """An answer, and the citations that prove it. Times are in seconds."""

    status: AnswerStatus
    text: str
    option_index: int | None
    confidence: float | None
    """Null unless the status is answered."""
    citations: list[CitationOut]
    searched: list[str]
    """What was searched and looked at; set if the answer was not found."""
    missing: list[str]
    """What it would take to decide; set if the question could not be decided."""


class SaidLine(Cut):
    """A spoken sentence. Times are in seconds."""

    start_s: float
    end_s: float
    speaker: str | None
    text: str


class TranscriptPart(Wire):
    """Sentences in time order; `next_start_s` is where to continue when there are more."""

    sentences: list[SaidLine]
    next_start_s: float | None
