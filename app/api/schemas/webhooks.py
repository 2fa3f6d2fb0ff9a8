"""Webhooks on the wire: what a caller requests, and what was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import Field, SecretStr

from app.api.schemas.base import Request, Wire
from app.api.schemas.jobs import JobErrorOut
from app.jobs.states import Job, JobState

STATES: dict[JobState, Literal["waiting", "sending", "delivered", "failed", "cancelled"]] = {
    JobState.QUEUED: "waiting",
    JobState.RUNNING: "sending",
    JobState.FINISHED: "delivered",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}


class WebhookIn(Request):
    """Where to send one POST when a job has ended, signed according to Standard Webhooks."""

    url: str = Field(min_length=1, max_length=2048, description="http or https; public unless the server allows others")
    secret: SecretStr = Field(
        min_length=1, max_length=200, description="whsec_ and 24 to 64 random bytes in base64; to sign the notices"
    )


class DeliveryOut(Wire):
    """One notice of the end of a job. Times are UTC, ISO 8601."""

    id: str
    """The header `webhook-id`, the same for every attempt."""
    job_id: str
    event: str
    """`job.finished`, `job.failed` or `job.cancelled`."""
    url: str
    state: Literal["waiting", "sending", "delivered", "failed", "cancelled"]
    attempts: int
    status: int | None
    """The status of the receiver's last response; null before it."""
    error: JobErrorOut | None
    """Why the last attempt failed."""
    created_at: str
    next_attempt_at: str | None
    ended_at: str | None

    @classmethod
    def of(cls, notice: Job) -> Self:
        """The wire form of a notice."""
        error, payload = notice.error, notice.payload
        return cls(
            id=notice.id,
            job_id=payload["job"],
            event=payload["event"],
            url=payload["url"],
            state=STATES[notice.state],
            attempts=notice.attempts,
            status=(notice.result or {}).get("status"),
            error=JobErrorOut(code=error.code, message=error.message, hint=error.hint) if error else None,
            created_at=_utc(notice.created_at),
            next_attempt_at=_utc(notice.due_at) if notice.state is JobState.QUEUED else None,
            ended_at=None if notice.finished_at is None else _utc(notice.finished_at),
        )


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
