"""Schedules in SQL: folders that are checked at set times, and the files found in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, Select, case, delete, insert, or_, select, update

from app.core.errors import NotFound
from app.db.database import Database, upsert
from app.db.tables import schedules, watched_files


@dataclass(frozen=True, slots=True)
class Schedule:
    """A folder, and when to check it for new videos. Times are seconds since 1970, UTC."""

    id: str
    folder: str
    cron: str | None
    """A cron expression on the server's clock; None for one with an interval."""
    every_s: float | None
    collection_id: str | None
    """The collection that new videos join."""
    summary: dict[str, Any] | None
    """What a batch shall make of new videos; None when they are only read."""
    paused: bool
    created_at: float
    next_at: float
    lease_until: float | None = None
    """While a server does what is due."""
    last_at: float | None = None
    outcome: dict[str, Any] | None = None
    """What the last look into the folder came to."""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was when it was looked at."""

    look: str
    """Its size and when it was changed, as text: another one means another content."""
    seen_at: float
    """When it was first seen like this."""
    taken: bool = False
    """Whether it was given to a worker like this."""


class SqlSchedules:
    """The schedules of a library. Servers on several machines need clocks that agree to a few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Schedule]:
        """All, the oldest first."""
        with self._database.reading() as connection:
            return [_schedule(row) for row in connection.execute(select(schedules).order_by(schedules.c.number))]

    def get(self, id: str) -> Schedule:
        """One. Raises NotFound."""
        with self._database.reading() as connection:
            row = connection.execute(select(schedules).where(schedules.c.id == id)).one_or_none()
        if row is None:
            raise no_such_schedule(id)
        return _schedule(row)

    def add(self, schedule: Schedule) -> None:
        """Keeps a new one. Raises NotFound when its collection is gone."""
        with self._database.writing() as connection:
            row = {name: getattr(schedule, name) for name in Schedule.__slots__}
            connection.execute(insert(schedules).values(row))

    def change(self, id: str, decided: Mapping[str, Any]) -> Schedule:
        """Replaces these fields, and returns it as it is now. Raises NotFound."""
        with self._database.writing() as connection:
            change = update(schedules).where(schedules.c.id == id).values(decided).returning(schedules)
            row = connection.execute(change).one_or_none()
        if row is None:
            raise no_such_schedule(id)
        return _schedule(row)

    def remove(self, id: str) -> None:
        """Forgets one and what was seen in its folder. Raises NotFound."""
        with self._database.writing() as connection:
            if connection.execute(delete(schedules).where(schedules.c.id == id)).rowcount == 0:
                raise no_such_schedule(id)

    def claim(self, now: float, lease_s: float) -> Schedule | None:
        """A due schedule, leased to the caller until the lease ends or `ran` is called; None if there is none."""
        with self._database.reading() as connection:
            # As with jobs: who only looks must not take SQLite's only write lock.
            if connection.execute(_due(now)).one_or_none() is None:
                return None
        with self._database.writing() as connection:
            row = connection.execute(_due(now).with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            lease = update(schedules).where(schedules.c.id == row.id).values(lease_until=now + lease_s)
            connection.execute(lease)
            return replace(_schedule(row), lease_until=now + lease_s)

    def ran(self, claimed: Schedule, outcome: dict[str, Any], now: float, next_at: float) -> None:
        """It was done, and is due again at `next_at`, or when it was made due meanwhile; no error when it is gone."""
        following = case((schedules.c.next_at == claimed.next_at, next_at), else_=schedules.c.next_at)
        values = {"last_at": now, "outcome": outcome, "next_at": following, "lease_until": None}
        with self._database.writing() as connection:
            connection.execute(update(schedules).where(schedules.c.id == claimed.id).values(values))

    def hasten(self, id: str, at: float) -> None:
        """Makes it due at `at` unless it waits and is due earlier; no error when it is gone."""
        later = or_(schedules.c.next_at > at, schedules.c.lease_until.is_not(None))
        with self._database.writing() as connection:
            connection.execute(update(schedules).where(schedules.c.id == id, later).values(next_at=at))

    def looks(self, id: str) -> dict[str, FileState]:
        """What was seen in its folder, by file."""
        query = select(watched_files).where(watched_files.c.schedule_id == id)
        with self._database.reading() as connection:
            return {row.file: FileState(row.look, row.seen_at, row.taken) for row in connection.execute(query)}

    def keep_looks(self, id: str, looks: Mapping[str, FileState]) -> None:
        """Adds or replaces what was seen. Raises NotFound."""
        rows = [
            {"schedule_id": id, "file": file, "look": one.look, "seen_at": one.seen_at, "taken": one.taken}
            for file, one in looks.items()
        ]
        with self._database.writing() as connection:
            upsert(connection, watched_files, rows, ("schedule_id", "file"))


def no_such_schedule(id: str) -> NotFound:
    """The error for an id that no schedule has."""
    return NotFound(f"There is no schedule {id}.", "List the schedules to see which exist.")


def _due(now: float) -> Select[Any]:
    free = or_(schedules.c.lease_until.is_(None), schedules.c.lease_until < now)
    due = select(schedules).where(schedules.c.paused.is_(False), schedules.c.next_at <= now, free)
    return due.order_by(schedules.c.next_at, schedules.c.number).limit(1)


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(**{name: getattr(row, name) for name in Schedule.__slots__})
