"""What every ReplyStore promises."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from app.core.replies import HELD_S, KEPT_S, Earlier, ReplyStore, StoredReply
from app.db.replies import SqlReplies
from tests.contract.clock import Clock
from tests.postgres import KINDS, open_database

REPLY = StoredReply(202, (("content-type", "application/json"), ("location", "/v1/jobs/ü")), b"\x00{}")


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[ReplyStore]:
    with open_database(request, request.param) as database:
        yield SqlReplies(database, clock=clock)


def test_it_is_a_reply_store(store: ReplyStore) -> None:
    assert isinstance(store, ReplyStore)


def test_an_answer_is_given_again_for_a_day(store: ReplyStore, clock: Clock) -> None:
    assert store.begin("k", "request", "a") is None
    assert store.begin("k", "request", "b") == Earlier("request", None)
    store.keep("k", "a", REPLY)
    clock.now += KEPT_S - 1
    assert store.begin("k", "another", "c") == Earlier("request", REPLY)
    clock.now += 2
    assert store.begin("k", "another", "c") is None


def test_keys_do_not_meddle_with_each_other(store: ReplyStore) -> None:
    assert store.begin("k", "request", "a") is None
    assert store.begin("K", "request", "b") is None
    store.drop("K", "b")
    assert store.begin("k", "request", "c") == Earlier("request", None)


def test_a_key_that_was_given_back_is_free(store: ReplyStore) -> None:
    assert store.begin("k", "request", "a") is None
    store.drop("k", "a")
    assert store.begin("k", "another", "b") is None


def test_a_request_that_dies_loses_its_key_and_one_that_renews_keeps_it(store: ReplyStore, clock: Clock) -> None:
    assert store.begin("k", "request", "a") is None
    clock.now += HELD_S - 1
    store.renew("k", "a")
    clock.now += HELD_S - 1
    assert store.begin("k", "request", "b") == Earlier("request", None)
    clock.now += 2
    assert store.begin("k", "request", "b") is None


def test_who_lost_the_key_changes_nothing(store: ReplyStore, clock: Clock) -> None:
    assert store.begin("k", "request", "a") is None
    clock.now += HELD_S + 1
    assert store.begin("k", "request", "b") is None
    store.drop("k", "a")
    store.keep("k", "a", REPLY)
    store.renew("k", "a")
    assert store.begin("k", "request", "c") == Earlier("request", None)
    store.keep("k", "b", REPLY)
    store.drop("k", "b")
    assert store.begin("k", "request", "c") == Earlier("request", REPLY)


def test_of_many_at_once_one_begins(store: ReplyStore) -> None:
    began: list[str] = []
    ready = threading.Barrier(8)

    def begin(owner: str) -> None:
        ready.wait()
        if store.begin("k", "request", owner) is None:
            began.append(owner)

    threads = [threading.Thread(target=begin, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(began) == 1


def test_answers_that_mention_what_was_deleted_are_forgotten(store: ReplyStore) -> None:
    for key, body in (("about", b'{"id": "dead"}'), ("other", b'{"id": "live"}')):
        store.begin(key, "request", key)
        store.keep(key, key, StoredReply(200, (), body))
    store.begin("at work", "request", "w")
    store.forget(["dead"])
    assert store.begin("about", "request", "x") is None
    assert store.begin("other", "request", "x") is not None
    assert store.begin("at work", "request", "x") == Earlier("request", None)
