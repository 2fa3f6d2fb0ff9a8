"""The use case: checks folders at set times, ingests new files, and summarizes them if requested.

A schedule is a row of SQL. Every server looks for those that are due; one takes a lease on the row, looks into the
folder, queues what is new as jobs, and keeps what came of it with the next time.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cronsim import CronSim, CronSimError

from app.core.errors import BadInput, LongreelError, NotFound
from app.core.paths import existing, path_of
from app.core.requests import IngestRequest
from app.core.types import from_json, to_json
from app.db.schedules import Schedule, SqlSchedules, no_such_schedule
from app.services.batch_jobs import BatchJobs
from app.services.batches import MOST_VIDEOS, BatchRequest, Item
from app.services.ingest import IngestService
from app.services.library import LibraryService
from app.services.watching import SETTLE_S, look_into

LEASE_S = 600.0
"""How long a look into a folder takes at most: a server that died during one is replaced after this."""
LEAST_EVERY_S, MOST_EVERY_S = 10.0, 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class ScheduleSpec:
    """What a person can set of a schedule."""

    folder: str
    cron: str | None = None
    """Five fields, on the server's clock; or else `every_s`."""
    every_s: float | None = None
    collection: str | None = None
    """Name of the collection that new videos join."""
    summary: BatchRequest | None = None
    """What a batch shall make of new videos; its own items are not used."""
    paused: bool = False


class ScheduleService:
    """Keeps schedules, and starts their work when it is due."""

    def __init__(
        self,
        store: SqlSchedules,
        library: LibraryService,
        ingest: IngestService,
        batch_jobs: BatchJobs,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives seconds since 1970, UTC."""
        self._store = store
        self._library = library
        self._ingest = ingest
        self._batch_jobs = batch_jobs
        self._clock = clock

    def all(self) -> list[Schedule]:
        """All, the oldest first."""
        return self._store.all()

    def find(self, name: str) -> Schedule:
        """The schedule of this id, beginning of an id, or folder. Raises NotFound when none or several fit."""
        if not name:
            raise no_such_schedule(name)
        folder = str(path_of(name))
        fits = [one for one in self.all() if one.id.startswith(name) or one.folder == folder]
        if not fits:
            raise no_such_schedule(name)
        if len(fits) > 1:
            raise NotFound(f"Several schedules match {name}.", "Give more of the id.")
        return fits[0]

    def plan(self, schedule: Schedule) -> ScheduleSpec:
        """What was decided about a schedule."""
        names = {one.id: one.name for one in self._library.collections.all()}
        summary = None if schedule.summary is None else from_json(BatchRequest, schedule.summary)
        collection = names.get(schedule.collection_id or "")
        return ScheduleSpec(schedule.folder, schedule.cron, schedule.every_s, collection, summary, schedule.paused)

    def add(self, plan: ScheduleSpec) -> Schedule:
        """A new schedule. One with an interval is due at once. Raises BadInput."""
        now = self._clock()
        plan = replace(plan, folder=_folder(plan.folder))
        schedule = Schedule(uuid.uuid4().hex, created_at=now, **self._decided(plan, now))
        self._store.add(schedule)
        return schedule

    def change(self, id: str, plan: ScheduleSpec) -> Schedule:
        """Replaces what was decided, and when it is next due. Raises NotFound, BadInput."""
        if plan.folder != self._store.get(id).folder:
            plan = replace(plan, folder=_folder(plan.folder))
        return self._store.change(id, self._decided(plan, self._clock()))

    def remove(self, id: str) -> None:
        """Forgets a schedule; videos and jobs stay. Raises NotFound."""
        self._store.remove(id)

    def hasten(self, id: str) -> None:
        """Makes a schedule due now. Raises NotFound, BadInput for one that is paused."""
        if self._store.get(id).paused:
            raise BadInput("This schedule is paused.", "Resume it first.")
        self._store.hasten(id, self._clock())

    def tick(self) -> None:
        """Runs the schedules that are due. If several times were missed while no server ran, it runs once."""
        while (schedule := self._store.claim(self._clock(), LEASE_S)) is not None:
            try:
                outcome = self._look(schedule)
            except LongreelError as error:
                outcome = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
            now = self._clock()
            following = next_time(schedule.cron, schedule.every_s, now)
            if outcome.get("waiting"):
                following = min(following, now + SETTLE_S)
            self._store.ran(schedule, outcome, now, following)

    def _look(self, schedule: Schedule) -> dict[str, Any]:
        """Queues what is new in the folder, and returns how many files may still be growing."""
        before, deleted = self._store.looks(schedule.id), self._library.deleted_files()
        seen = look_into(Path(schedule.folder), before, deleted, self._clock())
        plan = self.plan(schedule)
        tags = (plan.collection,) if plan.collection else ()
        if plan.summary is None:
            queued = [self._ingest.submit(IngestRequest(path, tags=tags)).id for path in seen.new]
        else:
            items = [Item(str(path), tags=tags) for path in seen.new]
            batches = [tuple(items[at : at + MOST_VIDEOS]) for at in range(0, len(items), MOST_VIDEOS)]
            queued = [self._batch_jobs.submit(replace(plan.summary, items=batch)).id for batch in batches]
        self._store.keep_looks(schedule.id, seen.looks)
        return {"new": len(seen.new), "waiting": seen.waiting, "jobs": queued}

    def _decided(self, plan: ScheduleSpec, now: float) -> dict[str, Any]:
        if (plan.cron is None) == (plan.every_s is None):
            raise BadInput("A schedule needs either a cron expression or an interval.", "Give one of them.")
        first = now if plan.cron is None else next_time(plan.cron, None, now)
        if plan.every_s is not None and not LEAST_EVERY_S <= plan.every_s <= MOST_EVERY_S:
            raise BadInput(f"An interval of {plan.every_s:g} s is not taken.", "Give 10 seconds to a year.")
        collection_id = None
        if plan.collection:
            try:
                collection_id = self._library.collections.find(plan.collection).id
            except NotFound:
                collection_id = self._library.collections.create(plan.collection).id
        return {
            "folder": plan.folder,
            "cron": plan.cron,
            "every_s": plan.every_s,
            "collection_id": collection_id,
            "summary": None if plan.summary is None else to_json(replace(plan.summary, items=())),
            "paused": plan.paused,
            "next_at": first,
        }


def next_time(cron: str | None, every_s: float | None, now: float) -> float:
    """When a schedule is due after `now`, seconds since 1970. Raises BadInput for a cron expression that never is.

    Cron goes by the server's local time. An hour that the clocks skip is made up for after it; one that they
    repeat counts once.
    """
    if cron is None:
        return now + (every_s or 0.0)
    try:
        # Local times without a zone: near a change of the clocks the next one may lie before `now`.
        for moment in CronSim(cron, datetime.fromtimestamp(now)):
            if moment.timestamp() > now:
                return moment.timestamp()
    except CronSimError as error:
        raise BadInput(
            f"{cron} is not a cron expression: {error}.", "Write five fields, such as 30 2 * * * for half past two."
        ) from error
    raise BadInput(f"{cron} is never due.", "Correct the day or the month.")


def _folder(name: str) -> str:
    folder = existing(name)
    if folder is None or not folder.is_dir():
        raise BadInput(f"There is no folder {name}.", "Give the full path of a folder on the server's machine.")
    return str(folder.resolve())
