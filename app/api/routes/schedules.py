"""Schedules: folders that the server checks for new videos at set times."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.api.deps import LongreelDep, trusts_callers
from app.api.schemas.collections import utc
from app.api.schemas.jobs import JobErrorOut
from app.api.schemas.schedules import OutcomeOut, ScheduleChange, ScheduleIn, ScheduleOut, SummaryWish
from app.bootstrap import Services
from app.core.errors import BadInput
from app.db.schedules import Schedule
from app.services.batches import BatchRequest
from app.services.schedules import ScheduleSpec

router = APIRouter(prefix="/schedules", tags=["schedules"])


def schedule_of(longreel: LongreelDep, schedule: Annotated[str, Path(description="id of a schedule")]) -> Schedule:
    """The schedule in the address. Raises NotFound."""
    return longreel.schedules.find(schedule)


def trusted(longreel: LongreelDep) -> Services:
    """The services, for callers who may name folders of the server. Raises BadInput for others."""
    if not trusts_callers(longreel):
        raise BadInput(
            "This server does not accept folders on its own machine.", "Use `longreel schedule` on its machine."
        )
    return longreel


ScheduleDep = Annotated[Schedule, Depends(schedule_of)]
TrustedDep = Annotated[Services, Depends(trusted)]


@router.get("", summary="List schedules, oldest first")
def list_schedules(longreel: LongreelDep) -> list[ScheduleOut]:
    """Each with the result of its last check."""
    return [schedule_out(longreel, one) for one in longreel.schedules.all()]


@router.post("", status_code=201, summary="Watch a folder")
def add_schedule(body: ScheduleIn, longreel: TrustedDep) -> ScheduleOut:
    """Only for callers that may read the server's files: a loopback address without a key. New files are ingested,
    subfolders included; with `summary` they are summarized as a batch. A file that is still growing has to wait. With
    an interval, the first check is at once.
    """
    batch = _batch(body.summary)
    plan = ScheduleSpec(body.folder, body.cron, body.every_s, body.collection, batch, body.paused)
    return schedule_out(longreel, longreel.schedules.add(plan))


@router.get("/{schedule}", summary="Get a schedule")
def get_schedule(schedule: ScheduleDep, longreel: LongreelDep) -> ScheduleOut:
    """When it is next due, and the result of its last check."""
    return schedule_out(longreel, schedule)


@router.patch("/{schedule}", summary="Change or pause a schedule")
def change_schedule(schedule: ScheduleDep, body: ScheduleChange, longreel: TrustedDep) -> ScheduleOut:
    """What you leave out does not change; null removes a collection or a summary."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    if changes.get("cron") is not None:
        changes.setdefault("every_s", None)
    elif changes.get("every_s") is not None:
        changes.setdefault("cron", None)
    if "summary" in changes:
        changes["summary"] = _batch(body.summary)
    changes = {name: value for name, value in changes.items() if value is not None or name not in ("folder", "paused")}
    plan = replace(longreel.schedules.plan(schedule), **changes)
    return schedule_out(longreel, longreel.schedules.change(schedule.id, plan))


@router.post("/{schedule}/run", status_code=202, summary="Check the folder now")
def run_schedule(schedule: ScheduleDep, longreel: LongreelDep) -> ScheduleOut:
    """The server checks the folder within seconds. The other times do not change."""
    longreel.schedules.hasten(schedule.id)
    return schedule_out(longreel, longreel.schedules.find(schedule.id))


@router.delete("/{schedule}", status_code=204, summary="Stop watching a folder")
def remove_schedule(schedule: ScheduleDep, longreel: LongreelDep) -> None:
    """Its videos and jobs stay."""
    longreel.schedules.remove(schedule.id)


def schedule_out(longreel: Services, schedule: Schedule) -> ScheduleOut:
    """The wire form of a schedule."""
    plan = longreel.schedules.plan(schedule)
    summary, last = None, None
    if plan.summary is not None:
        wish = {"questions": plan.summary.questions, "formats": plan.summary.formats}
        summary = SummaryWish.model_validate({**asdict(plan.summary.wanted), **wish})
    if schedule.outcome is not None and schedule.last_at is not None:
        outcome, error = schedule.outcome, schedule.outcome.get("error")
        last = OutcomeOut(
            at=utc(schedule.last_at),
            new=outcome.get("new", 0),
            waiting=outcome.get("waiting", 0),
            jobs=outcome.get("jobs", []),
            error=JobErrorOut(**error) if error else None,
        )
    return ScheduleOut(
        id=schedule.id,
        folder=os.fsencode(plan.folder).decode("utf-8", "replace"),
        cron=plan.cron,
        every_s=plan.every_s,
        collection=plan.collection,
        summary=summary,
        paused=plan.paused,
        created_at=utc(schedule.created_at),
        next_at=None if plan.paused else utc(schedule.next_at),
        last=last,
    )


def _batch(wish: SummaryWish | None) -> BatchRequest | None:
    if wish is None:
        return None
    questions, formats = tuple(dict.fromkeys(wish.questions)), tuple(dict.fromkeys(wish.formats))
    return BatchRequest((), questions, wish.to_request(), formats)
