"""Jobs on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Self

from app.api.schemas.base import AnyEvent, Wire
from app.core.events import EVENT
from app.jobs.states import Job, JobState


class DismissedOut(Wire):
    """How many jobs were dismissed."""

    jobs: int


class JobErrorOut(Wire):
    """Why a job failed, or why its last attempt did."""

    code: str
    message: str
    hint: str = ""


class JobOut(Wire):
    """A background job. Times are UTC, ISO 8601."""

    id: str
    kind: str
    state: JobState
    title: str
    """What it works on, in words."""
    attempts: int
    priority: int = 0
    """Among waiting jobs, the highest runs first; among equals, the oldest."""
    cancel_requested: bool
    dismissed: bool = False
    """Whether it was dismissed from the lists of jobs."""
    progress: AnyEvent | None
    """The latest event."""
    done_share: float | None
    """How much of the current stage is done, 0 to 1."""
    error: JobErrorOut | None
    result: dict[str, Any] | None
    created_at: str
    started_at: str | None
    finished_at: str | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """The wire form of a job. The paths in its payload stay on the server."""
        error = job.error
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            title=job.title,
            attempts=job.attempts,
            priority=job.priority,
            cancel_requested=job.cancel_requested,
            dismissed=job.dismissed,
            progress=EVENT.validate_python(job.progress) if job.progress else None,
            done_share=job.done_share,
            error=JobErrorOut(code=error.code, message=error.message, hint=error.hint) if error else None,
            result=job.result,
            created_at=_utc(job.created_at) or "",
            started_at=_utc(job.started_at),
            finished_at=_utc(job.finished_at),
        )


def _utc(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
