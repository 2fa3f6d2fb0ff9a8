"""Background work, for programs that wait."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial

from app.api.schemas import JobOut
from app.api.schemas.webhooks import DeliveryOut
from app.client import wire
from app.client.blocking.line import Line
from app.client.calls import jobs as calls
from app.core.errors import WorkerFailed
from app.core.events import Event, ignore
from app.jobs.states import JobState


class Jobs(Line):
    """The calls about jobs."""

    def jobs(self, state: JobState | str | None = None, *, kind: str = "", limit: int = 100) -> list[JobOut]:
        """Background work, newest first."""
        return self._all(calls.jobs(state, kind, limit), limit)

    def job(self, id: str) -> JobOut:
        """One job: its state, latest progress, result or error."""
        return self._do(calls.job(id))

    def move(self, id: str, priority: int) -> JobOut:
        """Gives a waiting job another place in the queue: a higher priority runs earlier; 0 is usual."""
        return self._do(calls.move(id, priority))

    def run_next(self, id: str) -> JobOut:
        """Runs a waiting job before all others that wait."""
        return self._do(calls.run_next(id))

    def cancel(self, id: str) -> JobOut:
        """Stops a job at its next safe place; what it finished is kept."""
        return self._do(calls.cancel(id))

    def retry(self, id: str, *, idempotency_key: str = "") -> JobOut:
        """Tries a failed or cancelled job again, from where it stopped."""
        return self._do(calls.retry(id, idempotency_key))

    def deliveries(self, job_id: str = "", *, limit: int = 100) -> list[DeliveryOut]:
        """The notices to webhooks, newest first: all, or those of one job."""
        return self._all(calls.deliveries(job_id, limit), limit)

    def follow(self, id: str, *, timeout_s: float | None = None) -> Generator[Event | JobOut, None, None]:
        """The events of a job from its first, also over lost connections; the last item is the job as it ended."""
        return self._followed(partial(calls.events, id), wire.Waiting(f"Job {id}", timeout_s, wire.job_told))

    def wait(self, id: str, *, timeout_s: float | None = None, tell: Callable[[Event], None] = ignore) -> JobOut:
        """The job once it has finished; `tell` hears its events. Raises the error it failed with, or Cancelled."""
        with closing(self.follow(id, timeout_s=timeout_s)) as events:
            for event in events:
                if isinstance(event, JobOut):
                    return wire.ended_well(event)
                tell(event)
        raise WorkerFailed("The server ended the stream before the job.", "Wait for it again.")
