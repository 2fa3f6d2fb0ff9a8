"""What every JobStore promises of jobs that have parts."""

from __future__ import annotations

import pytest

from app.core.errors import Conflict, NotFound
from app.jobs.states import JobError, JobState
from app.jobs.store import JobStore
from tests.contract.clock import Clock
from tests.contract.job_store.stores import ERROR, LEASE_S, claimed, parts


def test_children_are_queued_with_their_parent_in_order(store: JobStore) -> None:
    whole = store.submit("batch", {}, children=parts(0, 1, 2))
    children = store.children(whole.id)
    assert [(child.kind, child.payload, child.parent) for child in children] == [
        ("ingest", {"n": n}, whole.id) for n in range(3)
    ]
    assert store.get(whole.id).parent is None
    assert store.children(children[0].id) == []
    with pytest.raises(NotFound):
        store.children("nothing")


def test_a_parent_is_due_when_its_children_have_ended_however_they_did(store: JobStore) -> None:
    whole = store.submit("batch", {}, children=parts(0, 1, 2))
    store.finish(claimed(store), "w1", {})
    store.fail(claimed(store), "w1", ERROR)
    assert store.claim("w1", ["batch"]) is None
    last = claimed(store)
    assert store.claim("w1", ["batch", "ingest"]) is None
    store.fail(last, "w1", ERROR, retry_in_s=0)
    assert store.claim("w1", ["batch"]) is None
    store.finish(claimed(store), "w1", {})
    job = store.claim("w1", ["batch"])
    assert job is not None
    assert job.id == whole.id


def test_a_parent_waits_for_a_child_whose_worker_died(store: JobStore, clock: Clock) -> None:
    store.submit("batch", {}, children=parts(0))
    claimed(store, "dead")
    clock.now += LEASE_S + 1
    assert store.claim("w1", ["batch"]) is None
    store.finish(claimed(store, "alive"), "alive", {})
    assert store.claim("w1", ["batch"]) is not None


def test_the_same_key_gives_the_same_parent_and_no_more_children(store: JobStore) -> None:
    whole = store.submit("batch", {}, key="k", children=parts(0, 1))
    assert store.submit("batch", {}, key="k", children=parts(0, 1)).id == whole.id
    assert len(store.list()) == 3
    assert len(store.children(whole.id)) == 2


def test_children_that_json_cannot_hold_leave_nothing_behind(store: JobStore) -> None:
    with pytest.raises(TypeError):
        store.submit("batch", {}, children=[*parts(0), ("ingest", {"n": object()})])
    assert store.list() == []


def test_cancelling_the_whole_cancels_what_waits_and_asks_what_runs(store: JobStore) -> None:
    whole = store.submit("batch", {}, children=parts(0, 1, 2))
    store.finish(claimed(store), "w1", {})
    running = claimed(store)
    assert store.cancel(whole.id).state is JobState.CANCELLED
    states = [child.state for child in store.children(whole.id)]
    assert states == [JobState.FINISHED, JobState.RUNNING, JobState.CANCELLED]
    assert not store.heartbeat(running, "w1")
    store.release(running, "w1")
    assert store.get(running.id).state is JobState.CANCELLED
    assert store.claim("w1", ["batch", "ingest"]) is None


def test_trying_the_whole_again_tries_only_the_children_that_did_not_finish(store: JobStore) -> None:
    whole = store.submit("batch", {}, children=parts(0, 1, 2))
    store.finish(claimed(store), "w1", {"kept": True})
    store.fail(claimed(store), "w1", ERROR)
    store.cancel(whole.id)
    assert store.retry(whole.id).state is JobState.QUEUED
    children = store.children(whole.id)
    assert [child.state for child in children] == [JobState.FINISHED, JobState.QUEUED, JobState.QUEUED]
    assert all(child.parent == whole.id for child in children)
    assert children[0].result == {"kept": True}
    assert store.claim("w1", ["batch"]) is None


def test_the_whole_is_not_tried_again_while_a_cancelled_child_still_stops(store: JobStore) -> None:
    whole = store.submit("batch", {}, children=parts(0, 1))
    running = claimed(store)
    store.cancel(whole.id)
    with pytest.raises(Conflict, match="still stopping"):
        store.retry(whole.id)
    assert store.get(whole.id).state is JobState.CANCELLED
    assert [child.state for child in store.children(whole.id)] == [JobState.RUNNING, JobState.CANCELLED]
    store.fail(running, "w1", JobError("cancelled", "It was cancelled."))
    store.retry(whole.id)
    assert [child.state for child in store.children(whole.id)] == [JobState.QUEUED] * 2


def test_the_whole_is_tried_again_when_the_worker_of_a_cancelled_child_died(store: JobStore, clock: Clock) -> None:
    whole = store.submit("batch", {}, children=parts(0))
    claimed(store, "dead")
    store.cancel(whole.id)
    clock.now += LEASE_S + 1
    store.retry(whole.id)
    assert claimed(store, "alive").attempts == 1


def test_a_child_that_was_tried_again_alone_goes_on_when_the_whole_is(store: JobStore) -> None:
    whole = store.submit("batch", {}, children=parts(0, 1))
    store.cancel(whole.id)
    alone = store.retry(store.children(whole.id)[0].id)
    running = claimed(store)
    store.retry(whole.id)
    assert running.id == alone.id and store.heartbeat(running, "w1")
