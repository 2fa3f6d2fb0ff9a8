"""What every JobStore promises of notices to webhooks."""

from __future__ import annotations

import json

from app.jobs.states import Job, JobState
from app.jobs.store import JobStore
from app.jobs.webhooks import NOTICE
from tests.contract.clock import Clock
from tests.contract.job_store.stores import ERROR, claimed

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
