"""What every JobStore promises of jobs that ended and were dismissed."""

from __future__ import annotations

import pytest

from app.core.errors import BadInput, NotFound
from app.jobs.states import Job, JobState
from app.jobs.store import JobStore
from app.jobs.webhooks import NOTICE
from tests.contract.job_store.stores import ERROR, claimed, parts


def failed(store: JobStore) -> Job:
    store.submit("ingest", {}, key="k")
    job = claimed(store)
    store.add_event(job.id, {"type": "warned"})
    store.fail(job, "w1", ERROR)
    return store.get(job.id)


def test_a_job_is_dismissed_once_it_has_ended(store: JobStore) -> None:
    waiting = store.submit("ingest", {})
    with pytest.raises(BadInput):
        store.dismiss(waiting.id)
    claimed(store)
    with pytest.raises(BadInput):
        store.dismiss(waiting.id)
    with pytest.raises(NotFound):
        store.dismiss("nothing")
    assert not store.get(waiting.id).dismissed


def test_a_dismissed_job_keeps_its_end_and_loses_its_events(store: JobStore) -> None:
    job = failed(store)
    assert store.dismiss(job.id).dismissed
    assert store.dismiss(job.id) == store.get(job.id)
    kept = store.get(job.id)
    assert (kept.state, kept.error, kept.dismissed) == (JobState.FAILED, ERROR, True)
    assert store.events(job.id) == []


def test_a_dismissed_job_can_be_tried_again_and_tells_its_events_under_new_numbers(store: JobStore) -> None:
    job = failed(store)
    before = store.events(job.id)[-1][0]
    store.dismiss(job.id)
    again = store.retry(job.id)
    assert (again.state, again.dismissed, again.key) == (JobState.QUEUED, False, "k")
    assert store.submit("ingest", {}, key="k").id == job.id
    store.add_event(job.id, {"type": "warned"})
    assert [number > before for number, _ in store.events(job.id)] == [True]
    store.finish(claimed(store), "w1", {})
    assert not store.get(job.id).dismissed


def test_a_dismissed_job_does_not_hold_its_key(store: JobStore) -> None:
    job = failed(store)
    store.dismiss(job.id)
    assert store.submit("ingest", {}, key="k").id != job.id


def test_a_dismissed_part_still_counts_for_its_whole(store: JobStore) -> None:
    whole = store.submit("batch", {}, children=parts(0, 1))
    first = claimed(store)
    store.fail(first, "w1", ERROR)
    store.dismiss(first.id)
    assert store.claim("w1", ["batch"]) is None
    store.finish(claimed(store), "w1", {"kept": True})
    assert [child.state for child in store.children(whole.id)] == [JobState.FAILED, JobState.FINISHED]
    job = store.claim("w1", ["batch"])
    assert job is not None
    store.fail(job, "w1", ERROR)
    store.dismiss(whole.id)
    assert all(child.dismissed for child in store.children(whole.id))
    store.retry(whole.id)
    assert [child.dismissed for child in store.children(whole.id)] == [False, True]
    assert [child.state for child in store.children(whole.id)] == [JobState.QUEUED, JobState.FINISHED]


def test_all_that_ended_is_dismissed_once_but_no_notice(store: JobStore) -> None:
    waiting = store.submit("ingest", {})
    for kind in ("batch", NOTICE):
        store.submit(kind, {})
        job = store.claim("w1", [kind])
        assert job is not None
        store.finish(job, "w1", {})
    ended = store.submit("summary", {})
    store.cancel(ended.id)
    assert store.dismiss_ended("summary") == 1
    assert store.dismiss_ended() == 1
    assert store.dismiss_ended() == 0
    assert {job.kind for job in store.list() if job.dismissed} == {"batch", "summary"}
    assert store.get(waiting.id).state is JobState.QUEUED
    assert store.dismiss_ended(NOTICE) == 1


def test_a_forgotten_job_is_gone_with_its_parts_events_and_notices_and_its_worker_loses_it(store: JobStore) -> None:
    hook = {"webhook": {"url": "http://127.0.0.1:9/"}}
    whole = store.submit("batch", hook, children=[("part", {"n": 1}), ("part", {"n": 2})])
    other = store.submit("ingest", {"n": 3})
    part = store.claim("w", ["part"])
    assert part is not None
    store.cancel(whole.id)
    assert len(store.list()) == 5  # the whole, two parts, a notice, and the other
    gone = store.forget([whole.id, "unknown"])
    assert len(gone) == 4 and whole.id in gone
    assert [job.id for job in store.list()] == [other.id]
    assert not store.heartbeat(part, "w") and not store.finish(part, "w", {})
    with pytest.raises(NotFound):
        store.events(whole.id)


def test_a_finished_job_is_corrected_without_telling_anyone(store: JobStore) -> None:
    job = store.submit("batch", {"webhook": {"url": "http://127.0.0.1:9/"}})
    with pytest.raises(BadInput):
        store.correct(job.id, {"files": []})
    held = store.claim("w", ["batch"])
    assert held is not None and store.finish(held, "w", {"files": ["a", "b"]})
    assert len(store.list()) == 2
    store.correct(job.id, {"files": ["a"]})
    assert [one.result for one in store.list()] == [{"files": ["a"]}]
