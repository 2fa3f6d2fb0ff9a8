"""What every store of schedules promises."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.core.errors import NotFound
from app.db.collections import SqlCollections
from app.db.database import Database
from app.db.schedules import FileState, Schedule, SqlSchedules
from tests.postgres import KINDS, open_database

Store = SqlSchedules
NOW = 1_700_000_000.5


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with open_database(request, request.param) as database:
        yield SqlSchedules(database)


def schedule(id: str = "a", next_at: float = NOW, **more: object) -> Schedule:
    whole = Schedule(id, f"/videos/{id}", None, 60.0, None, None, False, NOW - 5, next_at)
    return replace(whole, **more)  # type: ignore[arg-type]


def claimed(store: Store) -> Schedule:
    claimed = store.claim(NOW, 60.0)
    assert claimed is not None
    return claimed


def test_a_schedule_comes_back_as_it_was(store: Store) -> None:
    folder = b"/videos/caf\xe9".decode("utf-8", "surrogateescape")
    first = schedule("a", folder=folder, cron="0 3 * * *", every_s=None, summary={"length": "line"})
    second = schedule("b", paused=True)
    store.add(first)
    store.add(second)
    assert store.all() == [first, second]
    assert store.get("a") == first


def test_a_schedule_changes_and_goes(store: Store) -> None:
    store.add(schedule("a"))
    store.keep_looks("a", {"f": FileState("1-1", NOW)})
    changed = schedule("a", paused=True, every_s=90.0)
    assert store.change("a", {"paused": True, "every_s": 90.0}) == changed == store.get("a")
    assert store.looks("a") == {"f": FileState("1-1", NOW)}
    store.remove("a")
    assert store.all() == [] and store.looks("a") == {}
    for call in (
        lambda: store.get("a"),
        lambda: store.remove("a"),
        lambda: store.change("a", {"paused": True}),
        lambda: store.keep_looks("a", {"f": FileState("1-1", NOW)}),
    ):
        with pytest.raises(NotFound):
            call()


def test_what_is_due_is_claimed_once_the_longest_due_first(store: Store) -> None:
    for one in (schedule("later", NOW + 1), schedule("b", NOW), schedule("a", NOW - 9), schedule("rests", paused=True)):
        store.add(one)
    claimed = [store.claim(NOW, 60.0) for _ in range(3)]
    assert [one and one.id for one in claimed] == ["a", "b", None]
    assert store.get("a").lease_until == NOW + 60


def test_what_was_done_is_due_again_at_its_next_time(store: Store) -> None:
    store.add(schedule("a"))
    store.ran(claimed(store), {"new": 2, "jobs": ["x"]}, NOW + 3, NOW + 100)
    done = store.get("a")
    assert (done.outcome, done.last_at, done.next_at, done.lease_until) == (
        {"new": 2, "jobs": ["x"]},
        NOW + 3,
        NOW + 100,
        None,
    )
    assert store.claim(NOW + 99, 60.0) is None
    assert store.claim(NOW + 100, 60.0) is not None


def test_the_work_of_a_server_that_died_is_taken_over_when_its_lease_has_ended(store: Store) -> None:
    store.add(schedule("a"))
    store.claim(NOW, 60.0)
    assert store.claim(NOW + 60, 60.0) is None
    assert store.claim(NOW + 61, 60.0) is not None


def test_a_schedule_is_hastened_but_never_delayed(store: Store) -> None:
    store.add(schedule("a", NOW + 50))
    store.hasten("a", NOW + 90)
    assert store.get("a").next_at == NOW + 50
    store.hasten("a", NOW + 10)
    assert store.get("a").next_at == NOW + 10


def test_what_is_hastened_while_it_is_done_is_due_again(store: Store) -> None:
    store.add(schedule("a"))
    running = claimed(store)
    store.hasten("a", NOW + 2)
    assert store.claim(NOW + 2, 60.0) is None
    store.ran(running, {}, NOW + 3, NOW + 100)
    done = store.get("a")
    assert (done.last_at, done.next_at, done.lease_until) == (NOW + 3, NOW + 2, None)


def test_what_is_changed_while_it_is_done_keeps_its_new_time_and_what_came_of_it(store: Store) -> None:
    store.add(schedule("a"))
    running = claimed(store)
    assert store.change("a", {"every_s": 5000.0, "next_at": NOW + 5000}).lease_until == NOW + 60
    store.ran(running, {"new": 1}, NOW + 3, NOW + 100)
    done = store.get("a")
    assert (done.every_s, done.next_at, done.outcome, done.lease_until) == (5000.0, NOW + 5000, {"new": 1}, None)


def test_nothing_is_said_about_a_schedule_that_went_meanwhile(store: Store) -> None:
    store.ran(schedule("gone"), {}, NOW, NOW)
    store.hasten("gone", NOW)
    assert store.all() == []


def test_looks_are_replaced_file_by_file(store: Store) -> None:
    store.add(schedule("a"))
    store.keep_looks("a", {})
    store.keep_looks("a", {"f": FileState("1-1", NOW), "g": FileState("2-2", NOW)})
    store.keep_looks("a", {"f": FileState("1-9", NOW + 1, taken=True)})
    assert store.looks("a") == {"f": FileState("1-9", NOW + 1, taken=True), "g": FileState("2-2", NOW)}
    assert store.looks("b") == {}


def test_of_many_servers_one_claims(store: Store) -> None:
    for n in range(5):
        store.add(schedule(str(n)))
    claimed: list[str] = []

    def serve() -> None:
        while (one := store.claim(NOW, 60.0)) is not None:
            claimed.append(one.id)

    servers = [threading.Thread(target=serve) for _ in range(4)]
    for server in servers:
        server.start()
    for server in servers:
        server.join()
    assert sorted(claimed) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schedule_outlives_its_collection(request: pytest.FixtureRequest, kind: str) -> None:
    with open_database(request, kind) as database:
        _outlives(database)


def _outlives(database: Database) -> None:
    store, collections = SqlSchedules(database), SqlCollections(database)
    made = collections.create("Talks")
    store.add(schedule("a", collection_id=made.id))
    assert store.get("a").collection_id == made.id
    collections.delete(made.id)
    assert store.get("a").collection_id is None
    with pytest.raises(NotFound):
        store.add(schedule("b", collection_id="gone"))
