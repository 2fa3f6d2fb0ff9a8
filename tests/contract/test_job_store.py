"""What every JobStore promises."""

from __future__ import annotations

import contextlib
import json
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.errors import BadInput, NotFound
from app.db.jobs import SqlJobStore
from app.jobs.fakes import MemoryJobStore
from app.jobs.states import Job, JobError, JobState
from app.jobs.store import JobStore
from app.jobs.webhooks import NOTICE
from tests.postgres import KINDS, open_database

LEASE_S = 60.0
ERROR = JobError("worker_failed", "It broke.", "Try again.")


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.25

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", *KINDS])
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[JobStore]:
    if request.param == "memory":
        yield MemoryJobStore(lease_s=LEASE_S, clock=clock)
        return
    with open_database(request, request.param) as database:
        yield SqlJobStore(database, lease_s=LEASE_S, clock=clock)


def claimed(store: JobStore, worker: str = "w1") -> Job:
    job = store.claim(worker, ["ingest"])
    assert job is not None
    return job


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


def test_the_highest_priority_is_claimed_first_and_next_goes_before_all(store: JobStore) -> None:
    first, second, third = (store.submit("ingest", {"n": n}).id for n in range(3))
    assert store.prioritize(second, 1).priority == 1
    assert store.prioritize(third, None).priority == 2
    assert store.prioritize(first, -5) == store.get(first)
    assert [claimed(store).id for _ in range(3)] == [third, second, first]


def claimed_in_order(store: JobStore) -> list[str]:
    """The ids of all that is due, as workers get them."""
    found = []
    while (job := store.claim("w1", ["ingest", "batch"])) is not None:
        found.append(job.id)
    return found


def test_a_job_moves_just_before_another_and_the_others_keep_their_order(store: JobStore) -> None:
    a, b, c, d = (store.submit("ingest", {"n": n}).id for n in range(4))
    assert store.arrange(d, b) == store.get(d)
    store.arrange(a, c)
    store.arrange(c, c)
    later = store.submit("ingest", {}).id
    assert claimed_in_order(store) == [d, b, a, c, later]


def test_the_last_place_is_before_what_is_submitted_later(store: JobStore) -> None:
    a, b, c = (store.submit("ingest", {"n": n}).id for n in range(3))
    store.prioritize(a, 7)
    store.arrange(a, None)
    store.arrange(b, None)
    later = store.submit("ingest", {}).id
    assert claimed_in_order(store) == [c, a, b, later]


def test_any_moves_give_the_order_that_was_asked_for(store: JobStore) -> None:
    ids = [store.submit("ingest", {"n": n}).id for n in range(6)]
    order, chance = list(ids), random.Random(1)
    for _ in range(30):
        moved, before = chance.choice(ids), chance.choice([*ids, None])
        store.arrange(moved, before)
        if moved != before:
            order.remove(moved)
            order.insert(len(order) if before is None else order.index(before), moved)
    assert claimed_in_order(store) == order


def test_a_job_moves_with_its_parts_and_no_part_alone(store: JobStore) -> None:
    first = store.submit("ingest", {}).id
    whole = store.submit("batch", {}, children=parts(1, 2))
    other = store.submit("batch", {}, children=parts(3)).id
    store.arrange(whole.id, first)
    one, two = (child.id for child in store.children(whole.id))
    with pytest.raises(BadInput, match="part of another job"):
        store.arrange(one, first)
    [part] = store.children(other)
    store.arrange(other, whole.id)
    assert claimed_in_order(store) == [part.id, one, two, first]


def test_only_waiting_jobs_are_put_in_order(store: JobStore) -> None:
    running, waiting = (store.submit("ingest", {}).id for _ in range(2))
    claimed(store)
    with pytest.raises(BadInput, match="running"):
        store.arrange(running, waiting)
    with pytest.raises(BadInput, match="does not wait any more"):
        store.arrange(waiting, running)
    with pytest.raises(NotFound):
        store.arrange("nope", waiting)
    assert store.get(waiting).priority == 0


def test_jobs_are_claimed_once_each_while_others_are_moved(store: JobStore) -> None:
    ids = [store.submit("ingest", {"n": n}).id for n in range(30)]
    taken: list[str] = []

    def take() -> None:
        while len(taken) < len(ids):
            job = store.claim("w1", ["ingest"])
            taken.extend([job.id] if job else [])

    def move(seed: int) -> None:
        chance = random.Random(seed)
        while len(taken) < len(ids):
            with contextlib.suppress(BadInput):
                store.arrange(chance.choice(ids), chance.choice([*ids, None]))

    threads = [threading.Thread(target=take), *(threading.Thread(target=move, args=(seed,)) for seed in (1, 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(ids)


def test_the_parts_that_wait_move_with_their_job(store: JobStore) -> None:
    other = store.submit("ingest", {})
    whole = store.submit("batch", {}, children=[("ingest", {"n": 1}), ("ingest", {"n": 2})])
    running = store.children(whole.id)[0]
    store.prioritize(other.id, -1)
    assert claimed(store).id == running.id
    store.prioritize(other.id, 5)
    store.prioritize(whole.id, None)
    assert [child.priority for child in store.children(whole.id)] == [0, 6]
    assert claimed(store).id == store.children(whole.id)[1].id


def test_only_a_waiting_job_moves_and_it_keeps_its_place_when_it_is_tried_again(store: JobStore) -> None:
    id = store.submit("ingest", {}).id
    store.prioritize(id, 3)
    job = claimed(store)
    with pytest.raises(BadInput, match="running"):
        store.prioritize(id, None)
    store.fail(job, "w1", ERROR)
    assert store.retry(id).priority == 3
    with pytest.raises(BadInput, match="out of range"):
        store.prioritize(id, 10**9)
    with pytest.raises(NotFound):
        store.prioritize("nope", 1)


def test_a_finished_job_keeps_its_result(store: JobStore, clock: Clock) -> None:
    store.submit("ingest", {})
    job = claimed(store)
    clock.now += 5
    assert store.finish(job, "w1", {"video": "abc"})
    done = store.get(job.id)
    assert (done.state, done.result, done.finished_at) == (JobState.FINISHED, {"video": "abc"}, clock.now)
    assert (done.worker, done.lease_until, done.error) == (None, None, None)


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


def parts(*numbers: int) -> list[tuple[str, dict[str, Any]]]:
    return [("ingest", {"n": n}) for n in numbers]


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


def test_an_id_that_no_database_can_hold_is_refused(store: JobStore) -> None:
    with pytest.raises((NotFound, BadInput)):
        store.get("a\x00b")


HOOK = {"url": "https://example.org/hook", "secret": "s"}


def noticed(store: JobStore) -> list[Job]:
    return [job for job in store.list() if job.kind == NOTICE]


def test_the_end_of_a_job_with_a_webhook_queues_one_notice(store: JobStore, clock: Clock) -> None:
    store.submit("ingest", {"title": "Film", "webhook": HOOK})
    job = claimed(store)
    assert noticed(store) == []
    clock.now += 1
    store.finish(job, "w1", {"video_id": "abc"})
    store.add_event(job.id, {"type": "warned", "message": "late"})
    [notice] = noticed(store)
    assert (notice.state, notice.due_at) == (JobState.QUEUED, clock.now)
    assert (notice.payload["url"], notice.payload["job"]) == (HOOK["url"], job.id)
    told = json.loads(notice.payload["body"])
    assert told["type"] == notice.payload["event"] == "job.finished"
    assert (told["data"]["id"], told["data"]["result"]) == (job.id, {"video_id": "abc"})
    assert "secret" not in notice.payload["body"]


def test_every_way_to_end_is_noticed_and_a_second_end_again(store: JobStore, clock: Clock) -> None:
    first = store.submit("ingest", {"webhook": HOOK})
    store.cancel(first.id)
    clock.now += 1
    store.retry(first.id)
    store.fail(claimed(store), "w1", ERROR)
    assert [notice.payload["event"] for notice in noticed(store)] == ["job.failed", "job.cancelled"]
    other = store.submit("ingest", {"webhook": HOOK})
    job = claimed(store)
    store.cancel(other.id)
    assert len(noticed(store)) == 2
    store.release(job, "w1")
    assert noticed(store)[0].payload["job"] == other.id


def test_parts_and_notices_and_jobs_without_a_webhook_are_not_noticed(store: JobStore) -> None:
    whole = store.submit("batch", {"webhook": HOOK}, children=[("ingest", {"webhook": HOOK})])
    store.finish(claimed(store), "w1", {})
    assert noticed(store) == []
    job = store.claim("w1", ["batch"])
    assert job is not None
    store.finish(job, "w1", {})
    assert [notice.payload["job"] for notice in noticed(store)] == [whole.id]
    notice = store.claim("w1", [NOTICE])
    assert notice is not None
    store.finish(notice, "w1", {"status": 204})
    store.submit("ingest", {})
    store.finish(claimed(store), "w1", {})
    assert len(noticed(store)) == 1
