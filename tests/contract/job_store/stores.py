"""What the tests of job stores share."""

from __future__ import annotations

from typing import Any

from app.jobs.states import Job, JobError
from app.jobs.store import JobStore

LEASE_S = 60.0
ERROR = JobError("worker_failed", "It broke.", "Try again.")


def claimed(store: JobStore, worker: str = "w1") -> Job:
    job = store.claim(worker, ["ingest"])
    assert job is not None
    return job


def claimed_in_order(store: JobStore) -> list[str]:
    """The ids of all that is due, as workers get them."""
    found = []
    while (job := store.claim("w1", ["ingest", "batch"])) is not None:
        found.append(job.id)
    return found


def parts(*numbers: int) -> list[tuple[str, dict[str, Any]]]:
    return [("ingest", {"n": n}) for n in numbers]
