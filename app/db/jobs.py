"""The job store in SQL.

Each move of a job locks its row (SQLite: the database), applies the pure function of
`app.jobs.states`, and writes the row back. On PostgreSQL, claiming skips the rows that others lock.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from app.core.errors import Cancelled
from app.core.types import from_json, to_json
from app.db.database import Database, fence, insert_for, time_of
from app.db.tables import job_events, jobs
from app.jobs import states
from app.jobs.states import ENDED, Job, JobError, JobState
from app.jobs.store import PROGRESS, EventList, JobList, Part, as_json, key_taken, no_such_job, request_key_taken
from app.jobs.webhooks import NOTICE, notice_of

ACTIVE = text("state IN ('queued', 'running')")
"""The condition of the unique index on kind and key, word for word."""


class SqlJobStore:
    """The port JobStore over a database, whose clock decides when a lease ends: those of workers may be wrong."""

    def __init__(
        self,
        database: Database,
        *,
        lease_s: float = 60.0,
        clock: Callable[[], float] | None = None,
        webhook_url: str = "",
    ) -> None:
        """`clock` gives seconds since 1970 in place of the database's; `webhook_url` hears of jobs that name none."""
        self._database = database
        self._webhook_url = webhook_url
        self.lease_s = lease_s
        self._clock = clock
        self._writing = functools.partial(database.writing, fenced=False)

    def _now(self, connection: Connection) -> float:
        return time_of(connection) if self._clock is None else self._clock()

    @contextmanager
    def fenced(self, job: Job, worker: str) -> Iterator[None]:
        """While the block runs, what its thread writes to this database is refused once the job is lost."""

        def check(connection: Connection) -> None:
            row = connection.execute(select(jobs).where(jobs.c.id == job.id).with_for_update(read=True)).one_or_none()
            if row is None or not states.is_held(_job(row), job, worker):
                raise Cancelled(f"Job {job.id} belongs to another worker by now.")

        with fence(check):
            yield

    def submit(
        self,
        kind: str,
        payload: Mapping[str, Any],
        *,
        key: str | None = None,
        request_key: str | None = None,
        children: Sequence[Part] = (),
        result: Mapping[str, Any] | None = None,
    ) -> Job:
        """Queues a job with its children, or returns the one that it would repeat."""
        with self._database.reading() as connection:
            now = self._now(connection)
        job = Job(uuid.uuid4().hex, kind, as_json(payload), created_at=now, due_at=now, key=key)
        if result is not None:
            job = states.finish_at_once(job, as_json(result))
        parts = [
            Job(uuid.uuid4().hex, part, as_json(given), created_at=now, due_at=now, parent=job.id)
            for part, given in children
        ]
        active = jobs.c.state.not_in([str(state) for state in ENDED])
        same_key = and_(jobs.c.kind == kind, jobs.c.key == key, active)
        # Compared with None, the column would match every job that was queued without a key.
        same_request = false() if request_key is None else jobs.c.request_key == request_key
        same = select(jobs).where(or_(same_request, same_key)).order_by(case((same_request, 0), else_=1)).limit(1)
        while True:
            with self._writing() as connection:
                row = {**_row(job), "event_count": 0, "request_key": request_key}
                add = insert_for(connection, jobs).values(row).on_conflict_do_nothing()
                added = connection.execute(add.returning(jobs.c.id)).one_or_none() is not None
                if added and parts:
                    connection.execute(insert(jobs), [{**_row(part), "event_count": 0} for part in parts])
                if added:
                    return self._save(connection, job)
                found = connection.execute(same).one_or_none()
            if found is not None and found.kind != kind:
                raise request_key_taken()
            if found is not None:
                return _job(found)

    def claim(self, worker: str, kinds: Sequence[str]) -> Job | None:
        """The first job of these kinds that is due; None when there is none."""
        while True:
            with self._database.reading() as connection:
                # An idle worker must not take SQLite's only write lock at each poll.
                if connection.execute(self._first_due(connection, kinds)).one_or_none() is None:
                    return None
            with self._writing() as connection:
                due = self._first_due(connection, kinds).with_for_update(skip_locked=True)
                row = connection.execute(due).one_or_none()
                if row is None:
                    return None
                claimed = self._save(connection, states.claim(_job(row), worker, self._now(connection), self.lease_s))
            if claimed.state is JobState.RUNNING:
                return claimed

    def _first_due(self, connection: Connection, kinds: Sequence[str]) -> Select[Any]:
        now = self._now(connection)
        waiting = and_(jobs.c.state == str(JobState.QUEUED), jobs.c.due_at <= now)
        left = and_(jobs.c.state == str(JobState.RUNNING), jobs.c.lease_until < now)
        part = jobs.alias("part")
        unfinished = exists().where(part.c.parent == jobs.c.id, part.c.state.not_in([str(state) for state in ENDED]))
        due = select(jobs).where(jobs.c.kind.in_(list(kinds)), or_(waiting, left), ~unfinished)
        return due.order_by(jobs.c.priority.desc(), jobs.c.number).limit(1)

    def heartbeat(self, job: Job, worker: str, event: Mapping[str, Any] | None = None) -> bool:
        """Extends the lease and stores an event; False when the work should stop."""
        plain = None if event is None else as_json(event)
        with self._writing() as connection:
            row = _locked(connection, job.id)
            if row is None or not states.is_held(_job(row), job, worker):
                return False
            extended = states.extend(_job(row), self._now(connection), self.lease_s)
            if plain is not None:
                extended = _add_event(connection, row, extended, plain)
            return not self._save(connection, extended).cancel_requested

    def finish(self, job: Job, worker: str, result: Mapping[str, Any]) -> bool:
        """Ends a job well."""
        plain = as_json(result)
        return self._move(job, worker, lambda stored, now: states.finish(stored, plain, now))

    def fail(self, job: Job, worker: str, error: JobError, *, retry_in_s: float | None = None) -> bool:
        """Ends a job badly, or queues it again."""
        return self._move(job, worker, lambda stored, now: states.fail(stored, error, retry_in_s, now))

    def release(self, job: Job, worker: str, *, due_in_s: float = 0.0) -> bool:
        """Gives a job back, as if it had not been tried."""
        return self._move(job, worker, lambda stored, now: states.release(stored, now, due_in_s))

    def cancel(self, job_id: str) -> Job:
        """Ends a queued job, asks a running one to stop, and so its children."""
        with self._writing() as connection:
            job = _job(_locked(connection, job_id), job_id)
            cancelled = self._save(connection, states.cancel(job, self._now(connection)))
            for child in _locked_children(connection, job_id):
                if child.state not in ENDED:
                    self._save(connection, states.cancel(child, self._now(connection)))
            return cancelled

    def retry(self, job_id: str) -> Job:
        """Queues a failed or cancelled job again, and such children of it."""
        try:
            with self._writing() as connection:
                now = self._now(connection)
                job = states.retry(_job(_locked(connection, job_id), job_id), now)
                for child in _locked_children(connection, job_id):
                    if (again := states.retry_part(child, now)) is not child:
                        self._save(connection, again)
                return self._save(connection, job)
        except IntegrityError as error:
            raise key_taken(job) from error

    def dismiss(self, job_id: str) -> Job:
        """Marks an ended job and its children that ended, and deletes their events."""
        with self._writing() as connection:
            dismissed = states.dismiss(_job(_locked(connection, job_id), job_id))
            _dismiss(connection, or_(jobs.c.id == job_id, jobs.c.parent == job_id))
            return dismissed

    def dismiss_ended(self, kind: str = "") -> int:
        """The same for all that ended, or those of one kind; how many."""
        with self._writing() as connection:
            return _dismiss(connection, jobs.c.kind == kind if kind else jobs.c.kind != NOTICE)

    def forget(self, job_ids: Sequence[str]) -> list[str]:
        """Deletes jobs with their parts, events and notices."""
        whole = or_(jobs.c.id.in_(job_ids), jobs.c.parent.in_(job_ids))
        with self._writing() as connection:
            ids = list(connection.execute(select(jobs.c.id).where(whole)).scalars())
            ids += _notices_of(connection, ids)
            _delete(connection, ids)
        return ids

    def correct(self, job_id: str, result: Mapping[str, Any]) -> None:
        """Gives a finished job another result."""
        with self._writing() as connection:
            corrected = states.correct(_job(_locked(connection, job_id), job_id), as_json(result))
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(result=corrected.result))
            _delete(connection, _notices_of(connection, [job_id]))

    def move_to_top(self, job_id: str) -> Job:
        """Puts a waiting job and its waiting children before all others that wait."""
        highest = select(func.max(jobs.c.priority)).where(jobs.c.state == str(JobState.QUEUED))
        with self._writing() as connection:
            job = _job(_locked(connection, job_id), job_id)
            priority = 1 + (connection.execute(highest).scalar() or 0)
            moved = self._save(connection, states.prioritize(job, priority))
            for child in _locked_children(connection, job_id):
                if child.state is JobState.QUEUED:
                    self._save(connection, states.prioritize(child, priority))
            return moved

    def get(self, job_id: str) -> Job:
        """One job. Raises NotFound."""
        with self._database.reading() as connection:
            return _job(connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none(), job_id)

    def list(self, state: JobState | None = None, limit: int = 100) -> JobList:
        """Jobs, newest first."""
        query = select(jobs).order_by(jobs.c.number.desc()).limit(limit)
        if state is not None:
            query = query.where(jobs.c.state == str(state))
        with self._database.reading() as connection:
            return [_job(row) for row in connection.execute(query)]

    def children(self, job_id: str) -> JobList:
        """The parts of a job in the order in which they were given."""
        with self._database.reading() as connection:
            children = [_job(row) for row in connection.execute(_parts_of(job_id))]
        if not children:
            self.get(job_id)
        return children

    def events(self, job_id: str, after: int = 0) -> EventList:
        """Events with a number above `after`, in order."""
        query = (
            select(job_events.c.seq, job_events.c.event)
            .where(job_events.c.job_id == job_id, job_events.c.seq > after)
            .order_by(job_events.c.seq)
        )
        with self._database.reading() as connection:
            events = [(row.seq, row.event) for row in connection.execute(query)]
        if not events:
            self.get(job_id)
        return events

    def add_event(self, job_id: str, event: Mapping[str, Any]) -> None:
        """Stores an event about a job."""
        plain = as_json(event)
        with self._writing() as connection:
            row = _locked(connection, job_id)
            if row is None:
                raise no_such_job(job_id)
            self._save(connection, _add_event(connection, row, _job(row), plain))

    def _move(self, job: Job, worker: str, move: Callable[[Job, float], Job]) -> bool:
        with self._writing() as connection:
            row = _locked(connection, job.id)
            if row is None or not states.is_held(_job(row), job, worker):
                return False
            self._save(connection, move(_job(row), self._now(connection)))
            return True

    def _save(self, connection: Connection, job: Job) -> Job:
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(_row(job)))
        notice = notice_of(job, self._webhook_url)
        if notice is not None:
            add = insert_for(connection, jobs).values({**_row(notice), "event_count": 0})
            connection.execute(add.on_conflict_do_nothing(index_elements=["id"]))
        return job


def _parts_of(job_id: str) -> Select[Any]:
    return select(jobs).where(jobs.c.parent == job_id).order_by(jobs.c.number)


def _locked_children(connection: Connection, job_id: str) -> Sequence[Job]:
    return [_job(row) for row in connection.execute(_parts_of(job_id).with_for_update())]


def _locked(connection: Connection, job_id: str) -> Row[Any] | None:
    return connection.execute(select(jobs).where(jobs.c.id == job_id).with_for_update()).one_or_none()


def _notices_of(connection: Connection, ids: Sequence[str]) -> Sequence[str]:
    notices = connection.execute(select(jobs.c.id, jobs.c.payload).where(jobs.c.kind == NOTICE))
    return [row.id for row in notices if row.payload.get("job") in ids]


def _delete(connection: Connection, ids: Sequence[str]) -> None:
    connection.execute(delete(job_events).where(job_events.c.job_id.in_(ids)))
    connection.execute(delete(jobs).where(jobs.c.id.in_(ids)))


def _dismiss(connection: Connection, which: ColumnElement[bool]) -> int:
    ended = and_(which, jobs.c.state.in_([str(state) for state in ENDED]), jobs.c.dismissed.is_(False))
    count = connection.execute(update(jobs).where(ended).values(dismissed=True)).rowcount
    dismissed = select(jobs.c.id).where(which, jobs.c.dismissed)
    connection.execute(delete(job_events).where(job_events.c.job_id.in_(dismissed)))
    return count


def _add_event(connection: Connection, row: Row[Any], job: Job, event: dict[str, Any]) -> Job:
    """Stores the event under the next number of the job, whose row is locked: readers never see a gap fill up."""
    number = row.event_count + 1
    kind = str(event.get("type", ""))
    if kind == PROGRESS:
        old = and_(job_events.c.job_id == job.id, job_events.c.type == PROGRESS)
        connection.execute(delete(job_events).where(old))
    connection.execute(insert(job_events).values(job_id=job.id, seq=number, type=kind, event=event))
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(event_count=number))
    return states.with_event(job, event)


def _job(row: Row[Any] | None, job_id: str = "") -> Job:
    if row is None:
        raise no_such_job(job_id)
    values = {name: row._mapping[name] for name in Job.__slots__}
    values["state"] = JobState(values["state"])
    values["error"] = None if values["error"] is None else from_json(JobError, values["error"])
    return Job(**values)


def _row(job: Job) -> dict[str, Any]:
    values = {name: getattr(job, name) for name in Job.__slots__}
    values["state"] = str(job.state)
    values["error"] = None if job.error is None else to_json(job.error)
    return values
