"""Calls about background work."""

from __future__ import annotations

from app.api.schemas import JobOut
from app.api.schemas.webhooks import DeliveryOut
from app.client.calls.call import PAGE, Call, model, models, nothing, once, quoted, streamed
from app.jobs.states import JobState


def jobs(state: JobState | str | None, kind: str, limit: int) -> Call[list[JobOut]]:
    """Background work, newest first."""
    params = {"state": state and str(state), "kind": kind, "limit": min(limit, PAGE)}
    return Call("GET", "/v1/jobs", models(JobOut), params)


def job(id: str) -> Call[JobOut]:
    """One job."""
    return Call("GET", f"/v1/jobs/{quoted(id)}", model(JobOut))


def move(id: str, priority: int) -> Call[JobOut]:
    """Another place in the queue."""
    return Call("PATCH", f"/v1/jobs/{quoted(id)}", model(JobOut), json={"priority": priority})


def run_next(id: str) -> Call[JobOut]:
    """The first place in the queue."""
    return Call("POST", f"/v1/jobs/{quoted(id)}/next", model(JobOut))


def cancel(id: str) -> Call[JobOut]:
    """Stops a job."""
    return Call("DELETE", f"/v1/jobs/{quoted(id)}", model(JobOut))


def retry(id: str, key: str) -> Call[JobOut]:
    """Tries a failed or cancelled job again."""
    return Call("POST", f"/v1/jobs/{quoted(id)}/retry", model(JobOut), headers=once(key))


def deliveries(job_id: str, limit: int) -> Call[list[DeliveryOut]]:
    """What was told to webhooks, newest first."""
    params = {"job": job_id, "limit": min(limit, PAGE)}
    return Call("GET", "/v1/webhooks/deliveries", models(DeliveryOut), params)


def events(id: str, after: int) -> Call[None]:
    """The events of a job with a number above `after`, as a stream."""
    return Call("GET", f"/v1/jobs/{quoted(id)}/events", nothing, headers=streamed(after))
