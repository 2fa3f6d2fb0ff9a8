"""What a handler may say while it runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from app.core.errors import WorkerFailed
from app.core.events import StageFinished, StageProgress, Warned
from app.db.database import MemoryDatabase
from app.db.jobs import SqlJobStore
from app.jobs.context import JobContext
from app.jobs.states import Job


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def running(store: SqlJobStore) -> Job:
    store.submit("ingest", {})
    job = store.claim("w", ["ingest"])
    assert job is not None
    return job


def told(store: SqlJobStore, job: Job) -> list[tuple[str, Any]]:
    return [(event["type"], event.get("done")) for _, event in store.events(job.id)]


def progress(done: float) -> StageProgress:
    return StageProgress("sample", done, 100.0, "frames")


def test_progress_is_stored_at_most_four_times_a_second() -> None:
    writes: list[float] = []

    class Counting(SqlJobStore):
        def heartbeat(self, job: Job, worker: str, event: Mapping[str, Any] | None = None) -> bool:
            writes.append(0 if event is None else event["done"])
            return super().heartbeat(job, worker, event)

    store, clock = Counting(MemoryDatabase()), Clock()
    context = JobContext(store, running(store), "w", clock=clock)
    for step in range(1000):
        clock.now = step / 1000
        context.report(progress(step))
    assert writes == [0, 250, 500, 750]


def test_what_was_held_back_is_stored_before_the_next_other_event() -> None:
    store, clock = SqlJobStore(MemoryDatabase()), Clock()
    job = running(store)
    context = JobContext(store, job, "w", clock=clock)
    for done in (1.0, 2.0, 3.0):
        context.report(progress(done))
    context.report(StageFinished("sample", 1.0))
    context.report(Warned("Careful."))
    assert told(store, job) == [("stage_progress", 3.0), ("stage_finished", None), ("warned", None)]


def test_the_heartbeat_stores_what_was_held_back() -> None:
    store = SqlJobStore(MemoryDatabase())
    job = running(store)
    context = JobContext(store, job, "w", clock=Clock())
    context.report(progress(1.0))
    context.report(progress(2.0))
    with context.keep_alive(0.01):
        _until(lambda: told(store, job) == [("stage_progress", 2.0)])


def test_a_store_that_fails_does_not_stop_the_work() -> None:
    class Broken(SqlJobStore):
        def heartbeat(self, job: Job, worker: str, event: Mapping[str, Any] | None = None) -> bool:
            raise WorkerFailed("The store is away.")

    store = Broken(MemoryDatabase())
    context = JobContext(store, running(store), "w")
    context.report(Warned("Careful."))
    assert not context.cancelled()


def test_a_cancelled_job_is_noticed_at_the_next_word_or_heartbeat() -> None:
    for speak in (True, False):
        store = SqlJobStore(MemoryDatabase())
        job = running(store)
        context = JobContext(store, job, "w")
        assert not context.cancelled()
        store.cancel(job.id)
        if speak:
            context.report(Warned("Careful."))
            assert context.cancelled()
        else:
            with context.keep_alive(0.01):
                _until(context.cancelled)


def test_a_silent_job_notices_a_cancellation_long_before_its_next_heartbeat(monkeypatch: Any) -> None:
    monkeypatch.setattr("app.jobs.context.LOOK_EVERY_S", 0.01)
    for end in (SqlJobStore.cancel, lambda store, job: store.forget([job])):
        store = SqlJobStore(MemoryDatabase())
        job = running(store)
        context = JobContext(store, job, "w")
        with context.keep_alive(3600.0):
            assert not context.cancelled()
            end(store, job.id)
            _until(context.cancelled)
        assert not context.goes_on_later


def _until(true: Any) -> None:
    waiting = threading.Event()
    for _ in range(500):
        if true():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not happen within five seconds")


def test_a_worker_that_cannot_reach_the_store_stops_when_its_lease_is_over() -> None:
    class Unreachable(SqlJobStore):
        def heartbeat(self, *_: object, **__: object) -> bool:
            raise WorkerFailed("The database does not answer.")

    now = [0.0]
    store = Unreachable(MemoryDatabase(), lease_s=10.0)
    context = JobContext(store, running(store), "w1", clock=lambda: now[0])
    now[0] = 9.0
    context.report(Warned("still within the lease"))
    assert not context.cancelled()
    now[0] = 10.0
    context.report(Warned("another may have it"))
    assert context.cancelled()
    assert context.goes_on_later


def test_a_handler_that_was_stopped_by_a_silent_store_goes_on_later_though_the_store_answers_again() -> None:
    away = threading.Event()

    class Unreachable(SqlJobStore):
        def heartbeat(self, *given: Any, **named: Any) -> bool:
            if away.is_set():
                raise WorkerFailed("The database does not answer.")
            return super().heartbeat(*given, **named)

    now = [0.0]
    store = Unreachable(MemoryDatabase(), lease_s=10.0)
    context = JobContext(store, running(store), "w", clock=lambda: now[0])
    away.set()
    now[0] = 10.0
    context.report(Warned("another may have it"))
    assert context.cancelled()
    away.clear()
    context.report(Warned("it answers again"))
    assert context.goes_on_later and context.cancelled()


def test_a_store_that_hangs_past_the_lease_stops_the_work_and_a_busy_worker_does_not() -> None:
    answers = threading.Event()

    class Hanging(SqlJobStore):
        def heartbeat(self, *_: object, **__: object) -> bool:
            return answers.wait(5.0)

    now = [0.0]
    store = Hanging(MemoryDatabase(), lease_s=10.0)
    context = JobContext(store, running(store), "w1", clock=lambda: now[0])
    now[0] = 11.0
    assert not context.cancelled(), "its threads got no turn, but the store was not asked"
    with context.keep_alive(0.01):
        _until(context.cancelled)
        assert context.goes_on_later
        answers.set()
