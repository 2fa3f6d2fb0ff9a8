"""What the tests of workers share."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from app.core.errors import Cancelled
from app.jobs.context import JobContext
from app.jobs.retry import RetryPolicy
from app.jobs.states import Job, JobState

AT_ONCE = RetryPolicy(first_s=0.0)


def until(true: Callable[[], bool], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def ended(store: Any, job: Job) -> Job:
    until(lambda: store.get(job.id).state in (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED))
    return store.get(job.id)


def obedient(job: Job, context: JobContext) -> dict[str, Any]:
    while not context.cancelled():
        time.sleep(0.005)
    raise Cancelled("Stopped.")
