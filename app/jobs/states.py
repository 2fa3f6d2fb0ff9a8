"""A job and its state transitions. Pure: time is a parameter, and nothing is stored here.

    queued --claim--> running --finish--> finished          queued --finish_at_once--> finished
      ^                  |-----fail-----> failed, or queued again with a delay
      |                  |----release---> queued, as if it had not been tried
      |                  '--fail or claim after `cancel`--> cancelled
      '--retry-- failed, cancelled          queued --cancel--> cancelled

An ended job can be dismissed: its state stays, but lists hide it until it is retried.

A running job belongs to its worker until the lease ends; then anyone may claim it. A worker proves that
a job is still its own with the job as claimed: same worker, same lease.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from app.core.errors import Cancelled, Conflict
from app.core.paths import readable


class JobState(StrEnum):
    """The stage of a job's life."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED)
"""Final states, unless someone retries the job."""


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed: the code, message and hint of a LongreelError."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of background work. Times are seconds since 1970, UTC."""

    id: str
    kind: str
    """The name of its handler, such as "ingest"."""
    payload: dict[str, Any]
    created_at: float
    due_at: float
    """Not claimed before this time."""
    key: str | None = None
    """At most one job of a kind with the same key is queued or running."""
    parent: str | None = None
    """The job that this one belongs to. A parent can be claimed once no child is queued or running."""
    state: JobState = JobState.QUEUED
    attempts: int = 0
    """The number of claims so far."""
    progress: dict[str, Any] | None = None
    """The latest event."""
    error: JobError | None = None
    """Why the last attempt failed; set even while the job waits for the next one."""
    result: dict[str, Any] | None = None
    started_at: float | None = None
    """When it was first claimed."""
    finished_at: float | None = None
    """When it ended, in whatever state."""
    lease_until: float | None = None
    worker: str | None = None
    cancel_requested: bool = False
    priority: int = 0
    """Due jobs with the highest priority are claimed first; among equals, the oldest."""
    dismissed: bool = False
    """Hidden from lists by a user who has seen how it ended."""

    @property
    def title(self) -> str:
        """What it works on, for display."""
        stored_title = self.payload.get("title") or self.payload.get("name")
        return readable(str(stored_title or PurePath(str(self.payload.get("path", ""))).stem))

    @property
    def done_share(self) -> float | None:
        """The finished share of the current stage, 0 to 1; None if the latest event does not include it."""
        event = self.progress or {}
        done, total = event.get("done"), event.get("total")
        if done is None or not total:
            return None
        return min(1.0, max(0.0, float(done) / float(total)))


def is_due(job: Job, now: float) -> bool:
    """Whether a worker may claim it: queued and due, or left behind by a worker that died."""
    if job.state is JobState.QUEUED:
        return job.due_at <= now
    return job.state is JobState.RUNNING and (job.lease_until or 0.0) < now


def is_held(job: Job, claimed: Job, worker: str) -> bool:
    """Whether the stored `job` still runs under the claim that gave `worker` the job `claimed`."""
    return job.state is JobState.RUNNING and job.worker == worker and job.attempts == claimed.attempts


def claim(job: Job, worker: str, now: float, lease_s: float) -> Job:
    """Queued, or running with an ended lease -> running; cancelled if that was requested. Raises BadInput."""
    if not is_due(job, now):
        raise _illegal(job, "claimed")
    if job.cancel_requested:
        return _ended(job, JobState.CANCELLED, now)
    return replace(
        job,
        state=JobState.RUNNING,
        attempts=job.attempts + 1,
        worker=worker,
        lease_until=now + lease_s,
        started_at=now if job.started_at is None else job.started_at,
    )


def extend(job: Job, now: float, lease_s: float) -> Job:
    """Running -> running with a fresh lease. Raises BadInput."""
    _must_run(job, "extended")
    return replace(job, lease_until=now + lease_s)


def finish_at_once(job: Job, result: dict[str, Any]) -> Job:
    """Queued -> finished: the work had been done before. Raises BadInput."""
    if job.state is not JobState.QUEUED:
        raise _illegal(job, "finished")
    return replace(_ended(job, JobState.FINISHED, job.created_at), result=result, started_at=job.created_at)


def finish(job: Job, result: dict[str, Any], now: float) -> Job:
    """Running -> finished. Raises BadInput."""
    _must_run(job, "finished")
    return replace(_ended(job, JobState.FINISHED, now), result=result, error=None)


def fail(job: Job, error: JobError, retry_in_s: float | None, now: float) -> Job:
    """Running -> failed; queued if there is another attempt; cancelled if that was requested. Raises BadInput."""
    _must_run(job, "failed")
    if job.cancel_requested and (error.code == Cancelled.code or retry_in_s is not None):
        return _ended(job, JobState.CANCELLED, now)
    if retry_in_s is None:
        return replace(_ended(job, JobState.FAILED, now), error=error)
    waiting = replace(job, state=JobState.QUEUED, due_at=now + retry_in_s, error=error)
    return replace(waiting, worker=None, lease_until=None)


def release(job: Job, now: float, due_in_s: float = 0.0) -> Job:
    """Running -> queued, as if not tried, due at once or after a while. Raises BadInput."""
    _must_run(job, "released")
    if job.cancel_requested:
        return _ended(job, JobState.CANCELLED, now)
    attempts = max(0, job.attempts - 1)
    return replace(job, state=JobState.QUEUED, attempts=attempts, due_at=now + due_in_s, worker=None, lease_until=None)


def cancel(job: Job, now: float) -> Job:
    """Queued -> cancelled; running -> its worker is asked to stop; cancelled stays. Raises BadInput for other ends."""
    if job.state is JobState.CANCELLED:
        return job
    if job.state in ENDED:
        raise _illegal(job, "cancelled")
    if job.state is JobState.RUNNING and not is_due(job, now):
        return replace(job, cancel_requested=True)
    return _ended(replace(job, cancel_requested=True), JobState.CANCELLED, now)


def retry(job: Job, now: float) -> Job:
    """Failed or cancelled -> queued with fresh attempts. Raises BadInput."""
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise _illegal(job, "tried again")
    again = Job(job.id, job.kind, job.payload, job.created_at, due_at=now, key=job.key, parent=job.parent)
    return replace(again, priority=job.priority)


def retry_part(part: Job, now: float) -> Job:
    """A part of a job that is tried again: `retry` if it failed or was cancelled, otherwise the same.

    Raises Conflict while its worker still stops: it would end as cancelled afterwards.
    """
    if part.state is JobState.RUNNING and part.cancel_requested:
        part = cancel(part, now)  # it has ended if its worker is gone
        if part.state is JobState.RUNNING:
            raise Conflict("One of the videos is still stopping.", "Try again in a moment.")
    return retry(part, now) if part.state in (JobState.FAILED, JobState.CANCELLED) else part


def dismiss(job: Job) -> Job:
    """Ended -> the same state, dismissed. Raises BadInput before its end."""
    if job.state not in ENDED:
        raise _illegal(job, "dismissed")
    return replace(job, dismissed=True)


def correct(job: Job, result: dict[str, Any]) -> Job:
    """Finished -> finished with another result. Raises BadInput for other states."""
    if job.state is not JobState.FINISHED:
        raise _illegal(job, "corrected")
    return replace(job, result=result)


def prioritize(job: Job, priority: int) -> Job:
    """Queued -> queued with another priority. Raises BadInput for other states."""
    if job.state is not JobState.QUEUED:
        raise _illegal(job, "moved in the queue")
    return replace(job, priority=priority)


def with_event(job: Job, event: dict[str, Any]) -> Job:
    """The job, in any state, with a new latest event."""
    return replace(job, progress=event)


def _ended(job: Job, state: JobState, now: float) -> Job:
    return replace(job, state=state, finished_at=now, worker=None, lease_until=None)


def _must_run(job: Job, verb: str) -> None:
    if job.state is not JobState.RUNNING:
        raise _illegal(job, verb)


def _illegal(job: Job, verb: str) -> Conflict:
    return Conflict(f"Job {job.id} is {job.state} and cannot be {verb}.", "Look at the job's state first.")
