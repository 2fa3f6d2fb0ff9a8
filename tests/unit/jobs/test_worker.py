"""Workers with real threads, real processes and real databases."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import pytest

from app.core.errors import BadInput, Cancelled, InUse, WorkerFailed
from app.core.events import StageStarted
from app.core.types import VideoId
from app.db.database import Database, MemoryDatabase
from app.db.jobs import SqlJobStore
from app.db.stages import SqlStageStore
from app.jobs.context import JobContext
from app.jobs.states import Job, JobState
from app.jobs.worker import Worker
from tests.unit.api.stand_in import wait_until
from tests.unit.jobs.working import AT_ONCE, ended, obedient, until

NOTED = {"video": "abc"}


def test_a_job_runs_with_its_payload_and_leaves_result_and_events(store: SqlJobStore, working: Any) -> None:
    def handler(job: Job, context: JobContext) -> dict[str, Any]:
        context.report(StageStarted("probe", 1.0, "file"))
        return {"title": job.payload["title"]}

    working(store, handler)
    job = ended(store, store.submit("ingest", {"title": "Tea"}))
    assert (job.state, job.result) == (JobState.FINISHED, {"title": "Tea"})
    assert [event["type"] for _, event in store.events(job.id)] == ["stage_started"]


def test_work_longer_than_the_lease_is_kept_alive(sqlite_file_url: str, working: Any) -> None:
    database = Database(sqlite_file_url)
    store = SqlJobStore(database, lease_s=1.5)
    runs: list[str] = []

    def slow(job: Job, context: JobContext) -> dict[str, Any]:
        runs.append(job.id)
        time.sleep(2.2)
        return NOTED

    working(store, slow, threads=2)
    assert ended(store, store.submit("ingest", {})).state is JobState.FINISHED
    assert len(runs) == 1
    database.close()


def test_a_running_job_is_cancelled(store: SqlJobStore, working: Any) -> None:
    working(store, obedient)
    job = store.submit("ingest", {})
    until(lambda: store.get(job.id).state is JobState.RUNNING)
    store.cancel(job.id)
    assert ended(store, job).state is JobState.CANCELLED


def test_a_job_that_steps_aside_goes_on_later_as_if_it_had_not_been_tried(store: SqlJobStore) -> None:
    order: list[str] = []

    def polite(job: Job, context: JobContext) -> dict[str, Any]:
        order.append(job.payload["title"])
        if order == ["long"]:
            store.move_to_top(store.submit("ingest", {"title": "short"}).id)
            context.step_aside()
            assert context.cancelled()
            raise Cancelled("Another one goes first.")
        return NOTED

    worker = Worker(store, {"ingest": polite})
    job = store.submit("ingest", {"title": "long"})
    while worker.run_one():
        pass
    assert order == ["long", "short", "long"]
    assert (store.get(job.id).state, store.get(job.id).attempts) == (JobState.FINISHED, 1)


def test_a_job_that_steps_aside_and_was_cancelled_is_cancelled(store: SqlJobStore) -> None:
    def polite(job: Job, context: JobContext) -> dict[str, Any]:
        store.cancel(job.id)
        context.step_aside()
        raise Cancelled("Another one goes first.")

    job = store.submit("ingest", {})
    assert Worker(store, {"ingest": polite}).run_one()
    assert store.get(job.id).state is JobState.CANCELLED


def test_a_failure_that_may_pass_is_tried_again_and_succeeds(store: SqlJobStore, working: Any) -> None:
    def moody(job: Job, context: JobContext) -> dict[str, Any]:
        if job.attempts < 3:
            raise WorkerFailed("The model ran out of memory.")
        return NOTED

    working(store, moody)
    job = ended(store, store.submit("ingest", {}))
    assert (job.state, job.attempts, job.error) == (JobState.FINISHED, 3, None)
    warnings = [event["message"] for _, event in store.events(job.id)]
    assert warnings[0].startswith("The model ran out of memory. Attempt 2")


def test_a_job_that_always_fails_ends_after_its_attempts(store: SqlJobStore, working: Any) -> None:
    attempts: list[int] = []

    def poisoned(job: Job, context: JobContext) -> dict[str, Any]:
        attempts.append(job.attempts)
        raise WorkerFailed("The model broke.", "Try a smaller one.")

    working(store, poisoned)
    job = ended(store, store.submit("ingest", {}))
    assert attempts == [1, 2, 3]
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert (job.error.code, job.error.message, job.error.hint) == (
        "worker_failed",
        "The model broke.",
        "Try a smaller one.",
    )
    assert store.events(job.id)[-1][1]["type"] == "failed"


def test_bad_input_is_not_tried_again(store: SqlJobStore, working: Any) -> None:
    def picky(job: Job, context: JobContext) -> dict[str, Any]:
        raise BadInput("This is no video.")

    working(store, picky)
    job = ended(store, store.submit("ingest", {}))
    assert (job.state, job.attempts) == (JobState.FAILED, 1)


@pytest.mark.parametrize("wrong", ["raises", "unfit result"])
def test_an_unexpected_error_fails_the_job_is_logged_and_the_worker_lives_on(
    store: SqlJobStore, working: Any, caplog: pytest.LogCaptureFixture, wrong: str
) -> None:
    def faulty(job: Job, context: JobContext) -> dict[str, Any]:
        if job.payload["good"]:
            return NOTED
        return {"x": object()} if wrong == "unfit result" else {"x": job.payload["missing"]}

    with caplog.at_level(logging.ERROR, logger="app.jobs.worker"):
        working(store, faulty)
        bad = ended(store, store.submit("ingest", {"good": False}))
        good = ended(store, store.submit("ingest", {"good": True}))
    assert (bad.state, bad.attempts, good.state) == (JobState.FAILED, 1, JobState.FINISHED)
    assert bad.error is not None
    assert bad.error.code == "internal"
    assert ("KeyError" if wrong == "raises" else "TypeError") in bad.error.message
    assert "Traceback" in caplog.text


def test_a_worker_that_stops_gives_its_job_back_without_counting_the_attempt(store: SqlJobStore, working: Any) -> None:
    first = working(store, obedient)
    job = store.submit("ingest", {})
    until(lambda: store.get(job.id).state is JobState.RUNNING)
    assert first.stop(10)
    waiting = store.get(job.id)
    assert (waiting.state, waiting.attempts) == (JobState.QUEUED, 0)
    working(store, lambda job, context: NOTED)
    assert ended(store, job).attempts == 1


def test_stopping_does_not_wait_longer_than_it_may(store: SqlJobStore) -> None:
    go_on = threading.Event()
    worker = Worker(store, {"ingest": lambda job, context: {"waited": go_on.wait(30)}}, poll_s=0.02)
    worker.start()
    job = store.submit("ingest", {})
    until(lambda: store.get(job.id).state is JobState.RUNNING)
    started = time.monotonic()
    assert not worker.stop(0.1)
    assert time.monotonic() - started < 5
    go_on.set()
    assert worker.stop(10)
    assert store.get(job.id).state is JobState.FINISHED


def test_a_worker_that_was_never_started_stops_at_once() -> None:
    assert Worker(SqlJobStore(MemoryDatabase()), {}).stop(0)


def test_a_worker_outlives_a_store_that_is_away_for_a_while(working: Any) -> None:
    class Moody(SqlJobStore):
        away = True

        def claim(self, worker: str, kinds: Any) -> Job | None:
            if self.away:
                raise WorkerFailed("The database does not answer.")
            return super().claim(worker, kinds)

    store = Moody(MemoryDatabase())
    working(store, lambda job, context: NOTED)
    job = store.submit("ingest", {})
    time.sleep(0.05)
    store.away = False
    assert ended(store, job).state is JobState.FINISHED


def test_a_worker_takes_only_jobs_that_it_can_do(store: SqlJobStore) -> None:
    job = store.submit("digest", {})
    assert Worker(store, {"ingest": obedient}).run_one() is False
    assert store.get(job.id).state is JobState.QUEUED


def test_a_job_that_kills_its_workers_is_given_up() -> None:
    now = [0.0]
    store = SqlJobStore(MemoryDatabase(), lease_s=10, clock=lambda: now[0])
    job = store.submit("ingest", {})
    for name in ("first", "second", "third"):
        assert store.claim(name, ["ingest"]) is not None
        now[0] += 11
    runs: list[str] = []
    worker = Worker(store, {"ingest": lambda job, context: {"runs": runs.append(job.id)}}, policy=AT_ONCE)
    assert worker.run_one()
    given_up = store.get(job.id)
    assert given_up.state is JobState.FAILED
    assert given_up.error is not None
    assert "tried 3 times" in given_up.error.message
    assert runs == []


class Panic(BaseException):
    """What the compiled core of a library raises."""


@pytest.mark.parametrize("fault", [Panic("index out of bounds"), MemoryError(), RecursionError(), OSError(5, "I/O")])
def test_no_exception_of_one_job_ends_the_worker(store: SqlJobStore, fault: BaseException) -> None:
    def handle(job: Job, _: JobContext) -> dict[str, str]:
        if job.payload.get("damaged"):
            raise fault
        return {}

    damaged, sound = store.submit("ingest", {"damaged": True}), store.submit("ingest", {})
    worker = Worker(store, {"ingest": handle}, poll_s=0.01)
    worker.start()
    wait_until(lambda: store.get(sound.id).state is JobState.FINISHED)
    assert worker.stop(5.0)
    failed = store.get(damaged.id)
    assert failed.state is JobState.FAILED and failed.error is not None and failed.error.code == "internal"


def test_a_store_that_belongs_to_another_process_uses_up_no_attempt(
    store: SqlJobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.worker.IN_USE_S", 0.0)
    taken = [True] * 6

    def handle(*_: object) -> dict[str, str]:
        if taken:
            taken.pop()
            raise InUse("Another process uses the index.")
        return {}

    job = store.submit("ingest", {})
    worker = Worker(store, {"ingest": handle})
    while worker.run_one():
        pass
    ended = store.get(job.id)
    assert (ended.state, ended.attempts, taken) == (JobState.FINISHED, 1, [])


def test_a_worker_that_lost_its_job_writes_nothing_more(database: Database) -> None:
    """As after a pause longer than the lease: another worker has the job when the first one wakes up."""
    store, stages = SqlJobStore(database, lease_s=0.05), SqlStageStore(database)
    written: list[str] = []

    def handle(job: Job, _: JobContext) -> dict[str, str]:
        stages.finish(VideoId("v"), "probe", "1", b"first")
        time.sleep(0.1)
        assert store.claim("second", ["ingest"]) is not None
        stages.finish(VideoId("v"), "probe", "1", b"late")
        written.append("late")
        return {}

    store.submit("ingest", {})
    Worker(store, {"ingest": handle}, heartbeat_s=10.0).run_one()
    assert written == [] and stages.finished(VideoId("v"), "probe", "1") == b"first"
    assert [job.worker for job in store.list()] == ["second"]
    stages.finish(VideoId("v"), "probe", "1", b"outside")
    assert stages.finished(VideoId("v"), "probe", "1") == b"outside"
