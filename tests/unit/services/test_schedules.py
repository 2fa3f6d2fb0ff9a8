"""Schedules at work: when they are due, what they queue, what they tell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import BadInput, NotFound
from app.core.requests import IngestRequest, Length, SummaryRequest
from app.db.schedules import Schedule, SqlSchedules
from app.services.batches import BatchRequest
from app.services.schedules import LEASE_S, ScheduleService, ScheduleSpec, next_time
from app.services.watching import SETTLE_S, Seen, look_into
from tests.unit.api import stand_in


class Server:
    """A server with a folder that it may watch, and a clock that the test sets."""

    def __init__(self, data: Path, store: SqlSchedules | None = None) -> None:
        self.now = 1_700_000_000.0
        self.parts = stand_in.make(data)
        self.folder = data / "incoming"
        self.folder.mkdir(exist_ok=True)
        self.store = store or SqlSchedules(self.parts.database)
        longreel = self.parts.longreel
        self.schedules = ScheduleService(
            self.store, longreel.library, longreel.ingest, longreel.batch_jobs, lambda: self.now
        )

    def put(self, name: str, data: bytes = b"film") -> None:
        (self.folder / name).write_bytes(data)

    def after(self, seconds: float) -> None:
        self.now += seconds
        self.schedules.tick()

    def queued(self) -> list[tuple[str, str]]:
        jobs = self.parts.longreel.jobs.list()
        return [(job.kind, str(job.payload["title"] or Path(job.payload["path"]).name)) for job in reversed(jobs)]


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def every(server: Server, seconds: float = 3600.0, **more: Any) -> ScheduleSpec:
    return ScheduleSpec(str(server.folder), every_s=seconds, **more)


def test_what_is_new_is_queued_once_and_joins_the_collection(server: Server) -> None:
    server.put("a.mp4")
    made = server.schedules.add(every(server, collection="Talks"))
    server.schedules.tick()
    assert server.queued() == []
    server.after(SETTLE_S)
    assert server.queued() == [("ingest", "a.mp4")]
    (job,) = server.parts.longreel.jobs.list()
    assert job.payload["tags"] == ["Talks"]
    outcome = server.store.get(made.id).outcome
    assert outcome == {"new": 1, "waiting": 0, "jobs": [job.id]}
    server.put("b.mp4")
    server.after(3600)
    server.after(SETTLE_S)
    server.after(3600)
    assert server.queued() == [("ingest", "a.mp4"), ("ingest", "b.mp4")]


def test_new_files_become_one_batch_where_summaries_are_wanted(server: Server) -> None:
    server.put("a.mp4")
    server.put("b.mp4", b"another")
    wish = BatchRequest((), ("Who?",), SummaryRequest(Length.LINE), ("md",))
    made = server.schedules.add(every(server, summary=wish, collection="Talks"))
    assert server.schedules.plan(made) == every(server, summary=wish, collection="Talks")
    server.schedules.tick()
    server.after(SETTLE_S)
    whole, *children = reversed(server.parts.longreel.jobs.list())
    assert whole.kind == "batch" and whole.payload["questions"] == ["Who?"]
    assert [Path(child.payload["item"]["name"]).name for child in children] == ["a.mp4", "b.mp4"]
    while server.parts.longreel.worker.run_one():
        pass
    done = server.parts.longreel.jobs.get(whole.id)
    assert done.result and (done.result["videos"], done.result["failed"]) == (2, 0)
    assert {video.tags for video in server.parts.longreel.library.videos()} == {("Talks",)}


def test_a_renamed_collection_is_still_joined(server: Server) -> None:
    server.put("a.mp4")
    server.schedules.add(every(server, collection="Talks"))
    server.parts.longreel.library.collections.rename("Talks", "Lectures")
    server.schedules.tick()
    server.after(SETTLE_S)
    assert server.parts.longreel.jobs.list()[0].payload["tags"] == ["Lectures"]


@pytest.mark.parametrize("asked", ["check now", "another plan"])
def test_what_a_person_asks_for_during_a_check_is_done_after_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    made = server.schedules.add(every(server))
    looks: list[float] = []

    def look(*given: Any) -> Seen:
        looks.append(server.now)
        if len(looks) == 1:
            server.now += 1.0
            if asked == "check now":
                server.schedules.hasten(made.id)
            else:
                server.schedules.change(made.id, every(server, 90.0))
        return look_into(*given)

    monkeypatch.setattr("app.services.schedules.look_into", look)
    server.schedules.tick()
    assert len(looks) == 2
    assert server.store.get(made.id).next_at == server.now + (3600.0 if asked == "check now" else 90.0)


def test_what_was_missed_while_no_server_ran_is_done_once(server: Server) -> None:
    made = server.schedules.add(every(server, 60.0))
    server.schedules.tick()
    seen: list[float] = []
    kept = server.store.ran

    def ran(claimed: Schedule, outcome: dict[str, Any], now: float, next_at: float) -> None:
        seen.append(now)
        kept(claimed, outcome, now, next_at)

    server.store.ran = ran  # type: ignore[method-assign]
    server.after(10 * 60.0)
    server.after(1.0)
    assert seen == [server.now - 1.0]
    assert server.store.get(made.id).next_at == server.now - 1.0 + 60.0


def test_two_servers_do_not_do_the_same(server: Server, tmp_path: Path) -> None:
    other = Server(tmp_path, server.store)
    server.put("a.mp4")
    server.schedules.add(every(server))
    for _ in range(2):
        for one in (server, other):
            one.after(SETTLE_S)
    assert len(server.queued()) + len(other.queued()) == 1


def test_a_server_that_died_in_the_middle_is_replaced(server: Server) -> None:
    server.put("a.mp4")
    server.schedules.add(every(server))
    assert server.store.claim(server.now, LEASE_S)
    server.after(1.0)
    assert server.queued() == []
    server.after(LEASE_S)
    server.after(SETTLE_S)
    assert server.queued() == [("ingest", "a.mp4")]


def test_a_folder_that_is_gone_is_told_and_looked_for_again(server: Server) -> None:
    made = server.schedules.add(every(server))
    server.folder.rmdir()
    server.schedules.tick()
    outcome = server.store.get(made.id).outcome
    assert outcome and outcome["error"]["code"] == "bad_input"
    server.folder.mkdir()
    server.after(3600)
    assert server.store.get(made.id).outcome == {"new": 0, "waiting": 0, "jobs": []}


def test_a_paused_schedule_rests_and_can_be_changed_without_its_folder(server: Server) -> None:
    made = server.schedules.add(every(server))
    server.folder.rmdir()
    server.schedules.change(made.id, replace(server.schedules.plan(made), paused=True))
    server.after(10_000)
    assert server.store.get(made.id).outcome is None
    with pytest.raises(BadInput, match="paused"):
        server.schedules.hasten(made.id)
    server.schedules.change(made.id, replace(server.schedules.plan(made), paused=False))
    server.after(0)
    assert server.store.get(made.id).outcome is not None


def test_a_schedule_can_be_made_due_now(server: Server) -> None:
    made = server.schedules.add(every(server))
    server.schedules.tick()
    assert server.store.get(made.id).next_at == server.now + 3600
    server.now += 5
    server.schedules.hasten(made.id)
    assert server.store.get(made.id).next_at == server.now


def test_a_deleted_video_is_not_read_again(server: Server) -> None:
    server.put("a.mp4")
    video = server.parts.longreel.ingest.run(IngestRequest(server.folder / "a.mp4"))
    server.parts.longreel.library.delete(video.id)
    server.schedules.add(every(server))
    server.schedules.tick()
    server.after(SETTLE_S)
    assert server.queued() == []


def test_a_schedule_is_found_by_the_beginning_of_its_id_and_by_its_folder(server: Server) -> None:
    made = server.schedules.add(every(server))
    for name in (made.id, made.id[:6], str(server.folder)):
        assert server.schedules.find(name) == made
    server.schedules.add(every(server))
    for name in (str(server.folder), "", "nope"):
        with pytest.raises(NotFound):
            server.schedules.find(name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"every_s": None},
        {"cron": "* * * * *"},
        {"every_s": 1.0},
        {"every_s": 1e12},
        {"every_s": None, "cron": "every day"},
        {"every_s": None, "cron": "61 * * * *"},
        {"every_s": None, "cron": "0 0 31 2 *"},
        {"folder": "/nowhere/at all"},
        {"collection": "a/b"},
    ],
)
def test_a_plan_that_cannot_be_kept_is_refused(server: Server, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        server.schedules.add(replace(every(server), **wrong))
    assert server.schedules.all() == []


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("cron", "now", "due"),
    [
        ("30 2 * * *", "2026-01-10T12:00+01:00", "2026-01-11T02:30+01:00"),
        ("30 2 * * *", "2026-01-10T02:30+01:00", "2026-01-11T02:30+01:00"),
        ("0 9 * * MON-FRI", "2026-07-03T10:00+02:00", "2026-07-06T09:00+02:00"),
        ("30 2 * * *", "2026-03-28T12:00+01:00", "2026-03-29T03:30+02:00"),
        ("30 2 * * *", "2026-10-24T12:00+02:00", "2026-10-25T02:30+02:00"),
        ("*/15 * * * *", "2026-10-25T02:50+02:00", "2026-10-25T03:00+01:00"),
        ("*/15 * * * *", "2026-10-25T02:20+01:00", "2026-10-25T03:00+01:00"),
    ],
)
def test_cron_goes_by_local_time_also_when_the_clocks_change(cron: str, now: str, due: str) -> None:
    assert next_time(cron, None, at(now)) == at(due)
