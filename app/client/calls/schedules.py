"""Calls about folders that are watched."""

from __future__ import annotations

from app.api.schemas.schedules import ScheduleChange, ScheduleIn, ScheduleOut
from app.client.calls.call import Call, model, models, nothing, quoted


def schedules() -> Call[list[ScheduleOut]]:
    """Schedules, the oldest first."""
    return Call("GET", "/v1/schedules", models(ScheduleOut))


def add_schedule(asked: ScheduleIn) -> Call[ScheduleOut]:
    """A folder to be watched."""
    return Call("POST", "/v1/schedules", model(ScheduleOut), json=asked.model_dump())


def schedule(id: str) -> Call[ScheduleOut]:
    """One schedule."""
    return Call("GET", _schedule(id), model(ScheduleOut))


def change_schedule(id: str, change: ScheduleChange) -> Call[ScheduleOut]:
    """Other times, another folder, a pause."""
    return Call("PATCH", _schedule(id), model(ScheduleOut), json=change.model_dump(exclude_unset=True))


def run_schedule(id: str) -> Call[ScheduleOut]:
    """A look into the folder now."""
    return Call("POST", _schedule(id, "/run"), model(ScheduleOut))


def delete_schedule(id: str) -> Call[None]:
    """Ends the watching of a folder."""
    return Call("DELETE", _schedule(id), nothing)


def _schedule(id: str, rest: str = "") -> str:
    return f"/v1/schedules/{quoted(id)}{rest}"
