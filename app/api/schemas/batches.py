"""Batches on the wire: many videos summarized and asked at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from app.api.schemas.base import Wire
from app.api.schemas.jobs import JobErrorOut, JobOut
from app.api.schemas.summaries import SummaryIn
from app.api.schemas.webhooks import WebhookIn
from app.jobs.states import ENDED, Job, JobState

_Name = Annotated[str, StringConstraints(min_length=1, max_length=4096, strip_whitespace=True)]
_Question = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class BatchIn(SummaryIn):
    """Videos to summarize, and what to ask each of them."""

    videos: list[_Name] = Field(default=[], max_length=1000, examples=[["3f2a", "Lecture 2"]])
    """Ids, beginnings of ids or titles. A server that only this machine can reach also accepts paths of its files."""
    collection: str | None = Field(None, max_length=100)
    """Id or name of a collection whose videos are added."""
    questions: list[_Question] = Field(default=[], max_length=100)
    formats: list[str] = Field(default=["md", "json"], max_length=20)
    webhook: WebhookIn | None = None
    """The webhook to notify when the whole batch has ended."""


class CostOut(Wire):
    """The estimated cost of a batch, including videos that are not ingested yet."""

    videos: int
    new: int
    new_s: float
    """Seconds of video to ingest."""
    known_s: float
    work_s: float
    disk_bytes: int
    tokens: int
    measured: int = 0
    """On how many earlier videos of this machine the time rests; 0: on those of another one."""


class BatchOut(Wire):
    """A batch: a job with a child for each video."""

    id: str
    state: JobState
    """Running from the first of its videos until its overview is written."""
    total: int
    finished: int
    failed: int
    done_share: float
    """Of all videos, 0 to 1; a video in progress counts by its current stage."""
    error: JobErrorOut | None
    created_at: str
    finished_at: str | None
    children: list[JobOut]
    cost: CostOut | None = None
    """Only in the response to the request that started it."""

    @classmethod
    def of(cls, job: Job, children: Sequence[Job], cost: CostOut | None = None) -> Self:
        """The wire form of a batch."""
        whole = JobOut.of(job)
        begun = any(child.started_at is not None for child in children)
        done = [1.0 if child.state in ENDED else min(0.9, child.done_share or 0.0) for child in children]
        return cls(
            id=job.id,
            state=JobState.RUNNING if job.state is JobState.QUEUED and begun else job.state,
            total=len(children),
            finished=sum(child.state is JobState.FINISHED for child in children),
            failed=sum(child.state in (JobState.FAILED, JobState.CANCELLED) for child in children),
            done_share=sum(done) / len(done) if done else 1.0,
            error=whole.error,
            created_at=whole.created_at,
            finished_at=whole.finished_at,
            children=[JobOut.of(child) for child in children],
            cost=cost,
        )
