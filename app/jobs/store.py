"""Where jobs are kept: the contract. `app.jobs.fakes` keeps them in memory, `app.db.jobs` in SQL."""

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
"""The type of event of which only the newest is kept: an hour of work would leave thousands."""


@runtime_checkable
class JobStore(Protocol):
    """A queue with leases. Every call is one transaction; many threads and processes may call at once.

    Payloads, results and events are JSON objects; TypeError or ValueError for what is not. The calls
    of a worker take the job as `claim` gave it, and return False when it is no longer that worker's.

    With the end of a job that names a webhook, its notice (`app.jobs.webhooks.notice_of`) is queued, once.
    """

    def submit(
        self, kind: str, payload: Mapping[str, Any], *, key: str | None = None, children: Sequence[Part] = ()
    ) -> Job:
        """Queues a job. While one of this kind and key is queued or running, that one is returned instead.

        Its children are queued with it, all or nothing, and run first: the job is due when none of them
        is queued or running any more, however they ended.
        """
        ...

    def claim(self, worker: str, kinds: Sequence[str]) -> Job | None:
        """The first job of these kinds that is due, now running under a lease; None when there is none.

        The first is that of the highest priority, of equals the oldest.
        A job whose lease has ended is due again. `worker` should be new for each claim.
        """
        ...

    def heartbeat(self, job: Job, worker: str, event: Mapping[str, Any] | None = None) -> bool:
        """Extends the lease and stores an event. False when the work should stop: cancelled, or the lease was lost."""
        ...

    def finish(self, job: Job, worker: str, result: Mapping[str, Any]) -> bool:
        """Ends a job well."""
        ...

    def fail(self, job: Job, worker: str, error: JobError, *, retry_in_s: float | None = None) -> bool:
        """Ends a job badly, or queues it again; a job that was asked to stop becomes cancelled."""
        ...

    lease_s: float
    """How long a worker has a job without a sign of life, in seconds."""

    def fenced(self, job: Job, worker: str) -> AbstractContextManager[None]:
        """While the block runs, what its thread writes to the stores beside this one is refused once the job is lost.

        Such a write raises Cancelled: a worker that was away for longer than its lease changes nothing any more.
        """
        ...

    def release(self, job: Job, worker: str, *, due_in_s: float = 0.0) -> bool:
        """Gives a job back, as if it had not been tried: its worker stops, or a store that it needs is in use."""
        ...

    def cancel(self, job_id: str) -> Job:
        """Ends a queued job, asks a running one to stop; the same for its children that have not ended.

        Raises NotFound; BadInput when the job itself ended otherwise.
        """
        ...

    def retry(self, job_id: str) -> Job:
        """Queues a failed or cancelled job again, and its children that failed or were cancelled.

        Raises NotFound; BadInput in other states or if its key is taken.
        """
        ...

    def dismiss(self, job_id: str) -> Job:
        """Marks an ended job, and its children that ended, and deletes their events; `retry` takes the mark away.

        The rows stay: a parent needs what its children came to, and a notice the secret of its job. Raises NotFound;
        BadInput before the end of the job.
        """
        ...

    def dismiss_ended(self, kind: str = "") -> int:
        """The same for all that ended, or those of one kind; how many. Notices only where that is their kind."""
        ...

    def forget(self, job_ids: Sequence[str]) -> list[str]:
        """Deletes jobs with their parts, events and notices, and returns the ids of what was deleted.

        A worker that runs one of them has lost it: it stops and stores nothing more of it. Unknown ids are no error.
        """
        ...

    def correct(self, job_id: str, result: Mapping[str, Any]) -> None:
        """Gives a finished job another result, and deletes the notices of the old one; nobody is told.

        Raises NotFound; BadInput in other states.
        """
        ...

    def prioritize(self, job_id: str, priority: int | None) -> Job:
        """Moves a waiting job, and its children that wait, in the queue; None puts it before all that wait.

        Raises NotFound; BadInput when the job does not wait.
        """
        ...

    def arrange(self, job_id: str, before: str | None) -> Job:
        """Moves a waiting job, and its children that wait, just before another one; None puts it after all that wait.

        The order of the others stays as it is; their priorities may rise. Raises NotFound; BadInput when one of the
        two does not wait, and for a part of a job.
        """
        ...

    def get(self, job_id: str) -> Job:
        """One job. Raises NotFound."""
        ...

    def list(self, state: JobState | None = None, limit: int = 100) -> JobList:
        """Jobs, newest first, with those that were dismissed."""
        ...

    def children(self, job_id: str) -> JobList:
        """The parts of a job in the order in which they were given; none for most jobs. Raises NotFound."""
        ...

    def events(self, job_id: str, after: int = 0) -> EventList:
        """Events with a number above `after`, in order. Only the newest progress is kept. Raises NotFound."""
        ...

    def add_event(self, job_id: str, event: Mapping[str, Any]) -> None:
        """Stores an event about a job, whoever has it. Raises NotFound."""
        ...


def as_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in plain data, as it will come back. Raises TypeError or ValueError for what JSON cannot hold."""
    copy: dict[str, Any] = json.loads(json.dumps(data, allow_nan=False))
    return copy


def no_such_job(job_id: str) -> NotFound:
    """The error for an id that no job has."""
    return NotFound(f"There is no job {job_id}.", "List the jobs to see what is there.")


def key_taken(job: Job) -> Conflict:
    """The error for a job whose key is in use by another job."""
    return Conflict(f"Another {job.kind} job for the same thing is already waiting or running.", "Follow that one.")
