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
