"""The job store in memory: for tests, and for a single process that needs no persistence."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from app.jobs import states
from app.jobs.states import ENDED, Job, JobError, JobState
from app.jobs.store import PROGRESS, EventList, JobList, Part, as_json, key_taken, no_such_job
from app.jobs.webhooks import NOTICE, notice_of


class MemoryJobStore:
    """The port JobStore in a dictionary."""

    def __init__(self, *, lease_s: float = 60.0, clock: Callable[[], float] = time.time, webhook_url: str = "") -> None:
        self.lease_s = lease_s
        self._webhook_url = webhook_url
        self._clock = clock
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._events: dict[str, EventList] = {}
        self._counts: dict[str, int] = {}

    def submit(
        self, kind: str, payload: Mapping[str, Any], *, key: str | None = None, children: Sequence[Part] = ()
    ) -> Job:
        """Queues a job with its children, or returns the one of this kind and key that is queued or running."""
        plain = as_json(payload)
        parts = [(part, as_json(given)) for part, given in children]
        with self._lock:
            same = self._active(kind, key)
            if same is not None:
                return same
            now = self._clock()
            job = self._new(Job(uuid.uuid4().hex, kind, plain, created_at=now, due_at=now, key=key))
            for part, given in parts:
                self._new(Job(uuid.uuid4().hex, part, given, created_at=now, due_at=now, parent=job.id))
            return job

    def claim(self, worker: str, kinds: Sequence[str]) -> Job | None:
        """The first due job of these kinds; None if there is none."""
        with self._lock:
            now = self._clock()
            for job in sorted(self._jobs.values(), key=lambda job: -job.priority):
                if job.kind in kinds and states.is_due(job, now) and not self._waits(job):
                    claimed = self._keep(states.claim(job, worker, now, self.lease_s))
                    if claimed.state is JobState.RUNNING:
                        return claimed
            return None

    def heartbeat(self, job: Job, worker: str, event: Mapping[str, Any] | None = None) -> bool:
        """Extends the lease and stores an event; False when the work should stop."""
        plain = None if event is None else as_json(event)
        held = self._move(job, worker, lambda stored, now: states.extend(stored, now, self.lease_s))
        if held and plain is not None:
            self.add_event(job.id, plain)
        return held and not self.get(job.id).cancel_requested

    def finish(self, job: Job, worker: str, result: Mapping[str, Any]) -> bool:
        """Marks a job as finished."""
        plain = as_json(result)
        return self._move(job, worker, lambda stored, now: states.finish(stored, plain, now))

    def fail(self, job: Job, worker: str, error: JobError, *, retry_in_s: float | None = None) -> bool:
        """Marks a job as failed, or queues it again."""
        return self._move(job, worker, lambda stored, now: states.fail(stored, error, retry_in_s, now))

    def fenced(self, job: Job, worker: str) -> AbstractContextManager[None]:  # noqa: ARG002
        """Does nothing: there are no other stores to protect."""
        return nullcontext()

    def release(self, job: Job, worker: str, *, due_in_s: float = 0.0) -> bool:
        """Returns a job to the queue, as if it had not been tried."""
        return self._move(job, worker, lambda stored, now: states.release(stored, now, due_in_s))

    def cancel(self, job_id: str) -> Job:
        """Ends a queued job or asks a running one to stop, and its children too."""
        with self._lock:
            cancelled = states.cancel(self.get(job_id), self._clock())
            for child in self.children(job_id):
                if child.state not in ENDED:
                    self._keep(states.cancel(child, self._clock()))
            return self._keep(cancelled)

    def retry(self, job_id: str) -> Job:
        """Queues a failed or cancelled job again, and its failed or cancelled children."""
        with self._lock:
            again = states.retry(self.get(job_id), self._clock())
            if self._active(again.kind, again.key) is not None:
                raise key_taken(again)
            for child in self.children(job_id):
                if child.state in (JobState.FAILED, JobState.CANCELLED):
                    self._keep(states.retry(child, self._clock()))
            return self._keep(again)

    def dismiss(self, job_id: str) -> Job:
        """Marks an ended job and its ended children as dismissed, and deletes their events."""
        with self._lock:
            states.dismiss(self.get(job_id))
            self._dismiss([self.get(job_id), *self.children(job_id)])
            return self.get(job_id)

    def dismiss_ended(self, kind: str = "") -> int:
        """Dismisses all ended jobs, or those of one kind; returns how many."""
        with self._lock:
            every = self._jobs.values()
            return self._dismiss([job for job in every if (job.kind == kind if kind else job.kind != NOTICE)])

    def forget(self, job_ids: Sequence[str]) -> list[str]:
        """Deletes jobs with their parts, events and notices."""
        with self._lock:
            whole = [job.id for job in self._jobs.values() if job.id in job_ids or job.parent in job_ids]
            return self._delete([*whole, *self._notices_of(whole)])

    def correct(self, job_id: str, result: Mapping[str, Any]) -> None:
        """Replaces the result of a finished job."""
        with self._lock:
            self._jobs[job_id] = states.correct(self.get(job_id), as_json(result))
            self._delete(self._notices_of([job_id]))

    def _notices_of(self, ids: Sequence[str]) -> Any:
        return [job.id for job in self._jobs.values() if job.kind == NOTICE and job.payload.get("job") in ids]

    def _delete(self, ids: list[str]) -> list[str]:
        for id in ids:
            for table in (self._jobs, self._events, self._counts):
                table.pop(id, None)
        return ids

    def move_to_top(self, job_id: str) -> Job:
        """Puts a waiting job and its waiting children before all others that wait."""
        with self._lock:
            waiting = [job for job in self._jobs.values() if job.state is JobState.QUEUED]
            priority = 1 + max((job.priority for job in waiting), default=0)
            moved = states.prioritize(self.get(job_id), priority)
            for child in self.children(job_id):
                if child.state is JobState.QUEUED:
                    self._keep(states.prioritize(child, priority))
            return self._keep(moved)

    def get(self, job_id: str) -> Job:
        """One job. Raises NotFound."""
        with self._lock:
            if job_id not in self._jobs:
                raise no_such_job(job_id)
            return self._jobs[job_id]

    def list(self, state: JobState | None = None, limit: int = 100) -> JobList:
        """Jobs, newest first."""
        with self._lock:
            found = [job for job in reversed(self._jobs.values()) if state in (None, job.state)]
        return found[:limit]

    def children(self, job_id: str) -> JobList:
        """The parts of a job in the order in which they were given."""
        with self._lock:
            self.get(job_id)
            return [job for job in self._jobs.values() if job.parent == job_id]

    def events(self, job_id: str, after: int = 0) -> EventList:
        """Events with a number above `after`, in order."""
        with self._lock:
            self.get(job_id)
            return [(number, event) for number, event in self._events[job_id] if number > after]

    def add_event(self, job_id: str, event: Mapping[str, Any]) -> None:
        """Stores an event about a job."""
        plain = as_json(event)
        with self._lock:
            job = self.get(job_id)
            events = self._events[job_id]
            if plain.get("type") == PROGRESS:
                events[:] = [(number, old) for number, old in events if old.get("type") != PROGRESS]
            self._counts[job_id] += 1
            events.append((self._counts[job_id], plain))
            self._keep(states.with_event(job, plain))

    def _move(self, job: Job, worker: str, move: Callable[[Job, float], Job]) -> bool:
        with self._lock:
            stored = self._jobs.get(job.id)
            if stored is None or not states.is_held(stored, job, worker):
                return False
            self._keep(move(stored, self._clock()))
            return True

    def _dismiss(self, jobs: Sequence[Job]) -> int:
        found = [job for job in jobs if job.state in ENDED and not job.dismissed]
        for job in found:
            self._jobs[job.id] = states.dismiss(job)
            self._events[job.id].clear()
        return len(found)

    def _active(self, kind: str, key: str | None) -> Job | None:
        if key is None:
            return None
        same = (job for job in self._jobs.values() if (job.kind, job.key) == (kind, key) and job.state not in ENDED)
        return next(same, None)

    def _waits(self, job: Job) -> bool:
        return any(child.state not in ENDED for child in self.children(job.id))

    def _new(self, job: Job) -> Job:
        self._events[job.id] = []
        self._counts[job.id] = 0
        return self._keep(job)

    def _keep(self, job: Job) -> Job:
        self._jobs[job.id] = job
        notice = notice_of(job, self._webhook_url)
        if notice is not None and notice.id not in self._jobs:
            self._new(notice)
        return job
