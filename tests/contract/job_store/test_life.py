"""What every JobStore promises of one job: submitted, claimed, held, ended, tried again, followed."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app.core.errors import BadInput, NotFound
from app.jobs.states import JobError, JobState
from app.jobs.store import JobStore
from app.jobs.webhooks import NOTICE
from tests.contract.clock import Clock
from tests.contract.job_store.stores import ERROR, LEASE_S, claimed


def test_it_is_a_job_store(store: JobStore) -> None:
    assert isinstance(store, JobStore)


def test_a_submitted_job_waits_with_its_payload(store: JobStore, clock: Clock) -> None:
    payload = {"path": "/v/ü.mp4", "nested": {"list": [1, 2.5, None, True]}}
    job = store.submit("ingest", payload)
    assert job == store.get(job.id)
    assert job.payload == payload
    assert (job.state, job.attempts, job.created_at, job.worker) == (JobState.QUEUED, 0, clock.now, None)


def test_what_json_cannot_hold_is_refused(store: JobStore) -> None:
    with pytest.raises(TypeError):
        store.submit("ingest", {"path": object()})
    with pytest.raises(ValueError, match="JSON"):
        store.submit("ingest", {"speed": float("nan")})
    assert store.list() == []


def test_the_same_key_gives_the_same_job_until_it_has_ended(store: JobStore) -> None:
    first = store.submit("ingest", {"n": 1}, key="k")
    assert store.submit("ingest", {"n": 2}, key="k") == first
    assert store.submit("ingest", {}, key="other").id != first.id
    assert store.submit("digest", {}, key="k").id != first.id
    job = claimed(store)
    assert store.submit("ingest", {}, key="k").id == first.id
    store.finish(job, "w1", {})
    assert store.submit("ingest", {}, key="k").id != first.id


def test_a_key_of_work_never_gives_a_job_without_one(store: JobStore) -> None:
    store.submit("digest", {})
    store.submit("ingest", {"n": 1})
    first = store.submit("ingest", {"n": 2}, key="k")
    assert store.submit("ingest", {}, key="k") == first


def test_jobs_without_a_key_are_never_the_same(store: JobStore) -> None:
    assert store.submit("ingest", {}).id != store.submit("ingest", {}).id


def test_jobs_are_claimed_oldest_first_and_only_of_the_kinds_asked_for(store: JobStore, clock: Clock) -> None:
    other = store.submit("digest", {})
    ids = [store.submit("ingest", {"n": n}).id for n in range(3)]
    assert [claimed(store).id for _ in ids] == ids
    assert store.claim("w1", ["ingest"]) is None
    assert store.claim("w1", []) is None
    assert store.get(other.id).state is JobState.QUEUED
    job = store.get(ids[0])
    assert (job.state, job.attempts, job.worker) == (JobState.RUNNING, 1, "w1")
    assert (job.started_at, job.lease_until) == (clock.now, clock.now + LEASE_S)


def test_a_finished_job_keeps_its_result(store: JobStore, clock: Clock) -> None:
    store.submit("ingest", {})
    job = claimed(store)
    clock.now += 5
    assert store.finish(job, "w1", {"video": "abc"})
    done = store.get(job.id)
    assert (done.state, done.result, done.finished_at) == (JobState.FINISHED, {"video": "abc"}, clock.now)
    assert (done.worker, done.lease_until, done.error) == (None, None, None)


def test_work_that_was_done_before_is_finished_from_the_start(store: JobStore, clock: Clock) -> None:
    waiting = store.submit("ingest", {}).id
    payload = {"webhook": {"url": "http://127.0.0.1/hook", "secret": "s"}}
    job = store.submit("ingest", payload, request_key="once", result={"video_id": "a"})
    assert (job.state, job.result, job.attempts) == (JobState.FINISHED, {"video_id": "a"}, 0)
    assert job.started_at == job.finished_at == clock.now and store.get(job.id) == job
    assert store.submit("ingest", payload, request_key="once") == job
    assert [one.kind for one in store.list()].count(NOTICE) == 1
    assert claimed(store).id == waiting and store.claim("w1", ["ingest"]) is None


def test_a_heartbeat_extends_the_lease(store: JobStore, clock: Clock) -> None:
    store.submit("ingest", {})
    job = claimed(store)
    for _ in range(3):
        clock.now += LEASE_S - 1
        assert store.heartbeat(job, "w1")
        assert store.claim("w2", ["ingest"]) is None


def test_a_job_whose_lease_ended_is_claimed_again_and_the_old_worker_is_refused(store: JobStore, clock: Clock) -> None:
    store.submit("ingest", {})
    old = claimed(store, "dead")
    clock.now += LEASE_S + 1
    new = claimed(store, "alive")
    assert (new.id, new.attempts, new.worker) == (old.id, 2, "alive")
    assert new.started_at == old.started_at
    assert not store.heartbeat(old, "dead", {"type": "warned"})
    assert not store.finish(old, "dead", {"wrong": True})
    assert not store.fail(old, "dead", ERROR)
    assert not store.release(old, "dead")
    assert store.events(old.id) == []
    assert store.finish(new, "alive", {"right": True})
    assert store.get(old.id).result == {"right": True}


def test_a_late_worker_goes_on_when_nobody_else_has_claimed_its_job(store: JobStore, clock: Clock) -> None:
    store.submit("ingest", {})
    job = claimed(store)
    clock.now += LEASE_S + 1
    assert store.heartbeat(job, "w1")
    assert store.claim("w2", ["ingest"]) is None


def test_a_failed_job_tells_why(store: JobStore, clock: Clock) -> None:
    store.submit("ingest", {})
    job = claimed(store)
    assert store.fail(job, "w1", ERROR)
    failed = store.get(job.id)
    assert (failed.state, failed.error, failed.finished_at) == (JobState.FAILED, ERROR, clock.now)
    assert store.claim("w2", ["ingest"]) is None


def test_a_job_to_retry_is_due_after_its_wait(store: JobStore, clock: Clock) -> None:
    store.submit("ingest", {})
    job = claimed(store)
    assert store.fail(job, "w1", ERROR, retry_in_s=10)
    waiting = store.get(job.id)
    assert (waiting.state, waiting.error, waiting.worker) == (JobState.QUEUED, ERROR, None)
    clock.now += 9
    assert store.claim("w2", ["ingest"]) is None
    clock.now += 1
    assert claimed(store, "w2").attempts == 2


def test_a_released_job_is_due_at_once_and_the_attempt_does_not_count(store: JobStore) -> None:
    store.submit("ingest", {})
    job = claimed(store)
    assert store.release(job, "w1")
    assert store.get(job.id).attempts == 0
    assert claimed(store, "w2").attempts == 1


def test_a_queued_job_is_cancelled_at_once(store: JobStore, clock: Clock) -> None:
    job = store.submit("ingest", {})
    assert store.cancel(job.id).state is JobState.CANCELLED
    assert store.get(job.id).finished_at == clock.now
    assert store.claim("w1", ["ingest"]) is None
    assert store.cancel(job.id).state is JobState.CANCELLED


def test_a_running_job_is_asked_to_stop_and_then_cancelled(store: JobStore) -> None:
    store.submit("ingest", {})
    job = claimed(store)
    assert store.cancel(job.id).state is JobState.RUNNING
    assert store.get(job.id).cancel_requested
    assert not store.heartbeat(job, "w1")
    assert store.fail(job, "w1", JobError("cancelled", "Stopped."))
    assert store.get(job.id).state is JobState.CANCELLED


def test_a_cancelled_job_that_would_be_tried_again_is_not(store: JobStore) -> None:
    for give_back in ("fail", "release"):
        store.submit("ingest", {})
        job = claimed(store)
        store.cancel(job.id)
        if give_back == "fail":
            store.fail(job, "w1", ERROR, retry_in_s=0)
        else:
            store.release(job, "w1")
        assert store.get(job.id).state is JobState.CANCELLED


def test_a_job_that_finished_in_spite_of_a_cancel_is_finished(store: JobStore) -> None:
    store.submit("ingest", {})
    job = claimed(store)
    store.cancel(job.id)
    assert store.finish(job, "w1", {})
    assert store.get(job.id).state is JobState.FINISHED


def test_a_job_to_cancel_whose_worker_died_is_cancelled_instead_of_claimed(store: JobStore, clock: Clock) -> None:
    first, second = store.submit("ingest", {}), store.submit("ingest", {})
    claimed(store)
    store.cancel(first.id)
    clock.now += LEASE_S + 1
    assert claimed(store, "w2").id == second.id
    assert store.get(first.id).state is JobState.CANCELLED


def test_cancelling_a_job_whose_worker_died_needs_no_worker(store: JobStore, clock: Clock) -> None:
    job = store.submit("ingest", {})
    claimed(store)
    clock.now += LEASE_S + 1
    assert store.cancel(job.id).state is JobState.CANCELLED


def test_a_failed_job_can_be_tried_again_from_the_start(store: JobStore) -> None:
    job = store.submit("ingest", {"n": 1})
    store.fail(claimed(store), "w1", ERROR)
    again = store.retry(job.id)
    assert (again.state, again.attempts, again.error, again.payload) == (JobState.QUEUED, 0, None, {"n": 1})
    assert store.get(job.id) == again
    assert claimed(store).attempts == 1


def test_moves_that_make_no_sense_are_refused(store: JobStore) -> None:
    job = store.submit("ingest", {})
    with pytest.raises(BadInput, match="queued"):
        store.retry(job.id)
    store.finish(claimed(store), "w1", {})
    for move in (store.retry, store.cancel):
        with pytest.raises(BadInput, match="finished"):
            move(job.id)


def test_a_job_cannot_be_retried_beside_another_of_its_key(store: JobStore) -> None:
    failed = store.submit("ingest", {}, key="k")
    store.fail(claimed(store), "w1", ERROR)
    store.submit("ingest", {}, key="k")
    with pytest.raises(BadInput, match="Another ingest job"):
        store.retry(failed.id)
    assert store.get(failed.id).state is JobState.FAILED


def test_an_unknown_job_is_not_found(store: JobStore) -> None:
    for call in (store.get, store.cancel, store.retry, store.events):
        with pytest.raises(NotFound):
            call("nothing")
    with pytest.raises(NotFound):
        store.add_event("nothing", {"type": "warned"})


def test_jobs_are_listed_newest_first_by_state_and_up_to_a_limit(store: JobStore) -> None:
    ids = [store.submit("ingest", {}).id for _ in range(4)]
    claimed(store)
    assert [job.id for job in store.list()] == ids[::-1]
    assert [job.id for job in store.list(limit=2)] == [ids[3], ids[2]]
    assert [job.id for job in store.list(JobState.RUNNING)] == [ids[0]]
    assert store.list(JobState.FAILED) == []


def test_events_are_numbered_and_followed_from_a_number(store: JobStore) -> None:
    store.submit("ingest", {})
    job = claimed(store)
    sent: list[dict[str, Any]] = [{"type": "stage_started", "stage": "probe"}, {"type": "warned", "message": "é"}]
    assert store.heartbeat(job, "w1", sent[0])
    store.add_event(job.id, sent[1])
    numbers, events = zip(*store.events(job.id), strict=True)
    assert list(events) == sent
    assert numbers[0] < numbers[1]
    assert store.events(job.id, numbers[0]) == [(numbers[1], sent[1])]
    assert store.events(job.id, numbers[1]) == []
    assert store.get(job.id).progress == sent[1]


def test_only_the_newest_progress_is_kept_and_no_number_comes_twice(store: JobStore) -> None:
    job = store.submit("ingest", {})
    seen = 0
    for done in range(1, 4):
        store.add_event(job.id, {"type": "stage_progress", "done": done, "total": 4})
        [(number, event)] = store.events(job.id, seen)
        assert event["done"] == done
        assert number > seen
        seen = number
    store.add_event(job.id, {"type": "stage_finished"})
    assert [event["type"] for _, event in store.events(job.id)] == ["stage_progress", "stage_finished"]


def test_the_latest_event_tells_the_share_that_is_done(store: JobStore) -> None:
    job = store.submit("ingest", {})
    assert job.done_share is None
    store.add_event(job.id, {"type": "stage_progress", "done": 30.0, "total": 40.0})
    assert store.get(job.id).done_share == 0.75


def test_a_hundred_jobs_claimed_by_eight_threads_are_claimed_once_each(store: JobStore) -> None:
    ids = {store.submit("ingest", {}).id for _ in range(100)}
    taken: list[str] = []

    def take(name: str) -> None:
        while (job := store.claim(name, ["ingest"])) is not None or len(taken) < len(ids):
            if job is not None:
                taken.append(job.id)

    threads = [threading.Thread(target=take, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 100
    assert set(taken) == ids


def test_the_same_key_from_many_threads_makes_one_job(store: JobStore) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(store.submit("ingest", {}, key="k").id)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len(set(found)) == 1
    assert len(store.list()) == 1


def test_an_id_that_no_database_can_hold_is_refused(store: JobStore) -> None:
    with pytest.raises((NotFound, BadInput)):
        store.get("a\x00b")
