"""The contract of job stores; `app.db.jobs` keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias, runtime_checkable

from app.core.errors import Conflict, NotFound
from app.jobs.states import Job, JobError, JobState

JobList: TypeAlias = list[Job]
EventList: TypeAlias = list[tuple[int, dict[str, Any]]]
Part: TypeAlias = tuple[str, Mapping[str, Any]]
"""Kind and payload of a child."""

PROGRESS = "stage_progress"
"""Only the newest event of this type is stored: an hour of work would leave thousands."""


@runtime_checkable
class JobStore(Protocol):
    """A queue with leases. Every call is one transaction; safe for many threads and processes.

    Payloads, results and events are JSON objects; anything else raises TypeError or ValueError. Calls
    by a worker take the job as `claim` returned it, and return False if it no longer belongs to that worker.

    When a job that names a webhook ends, its notice (`app.jobs.webhooks.notice_of`) is queued, once.
    """

    def submit(
        self,
        kind: str,
        payload: Mapping[str, Any],
        *,
        key: str | None = None,
        request_key: str | None = None,
        children: Sequence[Part] = (),
        result: Mapping[str, Any] | None = None,
    ) -> Job:
        """Queues a job. If a job of this kind and key is already queued or running, returns that one instead.

        `request_key` names the request: while its job is stored, ended or not, the same key returns that job. Raises
        Conflict for a request key of another kind of job.

        Its children are queued with it, all or nothing, and run first: the job is due once they have all
        ended, however they ended. With a `result` the job is finished from the start.
        """
        ...

    def claim(self, worker: str, kinds: Sequence[str]) -> Job | None:
        """The first due job of these kinds, now running under a lease; None if there is none.

        First means highest priority; among equals, the oldest.
        A job whose lease has ended is due again. `worker` should be different for each claim.
        """
        ...

    def heartbeat(self, job: Job, worker: str, event: Mapping[str, Any] | None = None) -> bool:
        """Extends the lease and stores an event. False if the work should stop: cancelled, or the lease was lost."""
        ...

    def finish(self, job: Job, worker: str, result: Mapping[str, Any]) -> bool:
        """Marks a job as finished."""
        ...

    def fail(self, job: Job, worker: str, error: JobError, *, retry_in_s: float | None = None) -> bool:
        """Marks a job as failed, or queues it again; a job that was asked to stop becomes cancelled."""
        ...

    lease_s: float
    """How long a worker may hold a job without a heartbeat, in seconds."""

    def fenced(self, job: Job, worker: str) -> AbstractContextManager[None]:
        """While the block runs, the other stores refuse writes from its thread once the job is lost.

        Such a write raises Cancelled: a worker that was silent for longer than its lease can change nothing.
        """
        ...

    def release(self, job: Job, worker: str, *, due_in_s: float = 0.0) -> bool:
        """Returns a job to the queue, as if not tried: its worker is stopping, or a store that it needs is in use."""
        ...

    def cancel(self, job_id: str) -> Job:
        """Ends a queued job, or asks a running one to stop; the same for its children that have not ended.

        Raises NotFound; BadInput when the job itself ended otherwise.
        """
        ...

    def retry(self, job_id: str) -> Job:
        """Queues a failed or cancelled job again, and its children that failed or were cancelled.

        Raises NotFound; BadInput in other states, if its key is taken, or while a child that was cancelled still runs.
        """
        ...

    def dismiss(self, job_id: str) -> Job:
        """Marks an ended job and its ended children as dismissed, and deletes their events; `retry` undoes the mark.

        The rows stay: a parent needs its children's results, and a notice needs the secret of its job. Raises
        NotFound; BadInput before the end of the job.
        """
        ...

    def dismiss_ended(self, kind: str = "") -> int:
        """Dismisses all ended jobs, or those of one kind; returns how many. Notices only if that is the kind."""
        ...

    def forget(self, job_ids: Sequence[str]) -> list[str]:
        """Deletes jobs with their parts, events and notices, and returns the ids of the deleted jobs.

        A worker that runs one of them has lost it: it stops and stores nothing more. Unknown ids are ignored.
        """
        ...

    def correct(self, job_id: str, result: Mapping[str, Any]) -> None:
        """Replaces the result of a finished job and deletes notices of the old result; sends no new notice.

        Raises NotFound; BadInput in other states.
        """
        ...

    def move_to_top(self, job_id: str) -> Job:
        """Puts a waiting job and its waiting children before all others that wait.

        Raises NotFound; BadInput if the job is not waiting.
        """
        ...

    def get(self, job_id: str) -> Job:
        """One job. Raises NotFound."""
        ...

    def list(self, state: JobState | None = None, limit: int = 100) -> JobList:
        """Jobs, newest first, including dismissed ones."""
        ...

    def children(self, job_id: str) -> JobList:
        """The parts of a job in submission order; most jobs have none. Raises NotFound."""
        ...

    def events(self, job_id: str, after: int = 0) -> EventList:
        """Events with a number above `after`, in order. Only the newest progress is stored. Raises NotFound."""
        ...

    def add_event(self, job_id: str, event: Mapping[str, Any]) -> None:
        """Stores an event about a job, whoever runs it. Raises NotFound."""
        ...


def as_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """A copy as plain data, as it will be read back. Raises TypeError or ValueError for what JSON cannot represent."""
    copy: dict[str, Any] = json.loads(json.dumps(data, allow_nan=False))
    return copy


def request_key_taken() -> Conflict:
    """The error for a request key that another kind of job has."""
    return Conflict("This Idempotency-Key was used for another request.", "Choose a new key for each request.")


def no_such_job(job_id: str) -> NotFound:
    """The error for an unknown job id."""
    return NotFound(f"There is no job {job_id}.", "List the jobs to see their ids.")


def key_taken(job: Job) -> Conflict:
    """The error for a job whose key is in use by another job."""
    return Conflict(f"Another {job.kind} job for the same thing is already waiting or running.", "Follow that one.")
