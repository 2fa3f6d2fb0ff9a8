"""Background work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from app.api.schemas import JobOut
from app.api.schemas.jobs import DismissedOut
from app.api.schemas.webhooks import DeliveryOut
from app.client import following
from app.client.call import PAGE, Call, model, models, quoted
from app.client.caller import Caller
from app.core.errors import WorkerFailed
from app.core.events import Event, ignore
from app.jobs.states import JobState


class Jobs(Caller):
    """The calls about jobs."""

    async def jobs(self, state: JobState | str | None = None, *, kind: str = "", limit: int = 100) -> list[JobOut]:
        """Background work, newest first."""
        params = {"state": state and str(state), "kind": kind, "limit": min(limit, PAGE)}
        return await self._all(Call("GET", "/v1/jobs", models(JobOut), params), limit)

    async def job(self, id: str) -> JobOut:
        """One job: its state, latest progress, result or error."""
        return await self._do(Call("GET", f"/v1/jobs/{quoted(id)}", model(JobOut)))

    async def run_next(self, id: str) -> JobOut:
        """Moves a waiting job to the front of the queue."""
        return await self._do(Call("POST", f"/v1/jobs/{quoted(id)}/next", model(JobOut)))

    async def cancel(self, id: str) -> JobOut:
        """Stops a job as soon as it safely can; finished work stays."""
        return await self._do(Call("DELETE", f"/v1/jobs/{quoted(id)}", model(JobOut)))

    async def retry(self, id: str) -> JobOut:
        """Runs a failed or cancelled job again, from where it stopped."""
        path = f"/v1/jobs/{quoted(id)}/retry"
        return await self._do(Call("POST", path, model(JobOut)))

    async def dismiss(self, id: str) -> JobOut:
        """Removes a job that has ended from the lists; its results stay."""
        return await self._do(Call("POST", f"/v1/jobs/{quoted(id)}/dismiss", model(JobOut)))

    async def dismiss_ended(self, *, kind: str = "") -> int:
        """Dismisses all jobs that have ended, or those of one kind; returns how many."""
        dismissed = await self._do(Call("POST", "/v1/jobs/dismiss", model(DismissedOut), {"kind": kind}))
        return dismissed.jobs

    async def deliveries(self, job_id: str = "", *, limit: int = 100) -> list[DeliveryOut]:
        """Notices to webhooks, newest first: all, or those about one job."""
        params = {"job": job_id, "limit": min(limit, PAGE)}
        return await self._all(Call("GET", "/v1/webhooks/deliveries", models(DeliveryOut), params), limit)

    def follow(
        self, id: str, *, timeout_s: float | None = None, on_pulse: Callable[[], None] = following.ignore_pulse
    ) -> AsyncGenerator[Event | JobOut]:
        """All events of a job, across lost connections; the last item is the job as it ended.

        `on_pulse` is called every few seconds, also while nothing happens: raise an error in it to stop.
        """
        path = f"/v1/jobs/{quoted(id)}/events"
        return self._followed(path, following.Waiting(f"Job {id}", timeout_s, following.job_event_in, on_pulse))

    async def wait(
        self,
        id: str,
        *,
        timeout_s: float | None = None,
        on_event: Callable[[Event], None] = ignore,
        on_pulse: Callable[[], None] = following.ignore_pulse,
    ) -> JobOut:
        """Waits until a job has finished; `on_event` gets its events, for `on_pulse` see `follow`.

        Raises the error it failed with, or Cancelled.
        """
        async with aclosing(self.follow(id, timeout_s=timeout_s, on_pulse=on_pulse)) as events:
            async for event in events:
                if isinstance(event, JobOut):
                    return following.ended_well(event, f"The job on {event.title}")
                on_event(event)
        raise WorkerFailed("The server ended the stream before the job.", "Wait for it again.")
