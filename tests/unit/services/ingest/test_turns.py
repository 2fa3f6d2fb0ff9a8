"""Which waiting video goes before one that is being read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.requests import IngestRequest
from app.core.settings import Ingest
from app.core.types import Video, VideoId
from app.db.database import MemoryDatabase
from app.db.jobs import SqlJobStore
from app.db.stages import SqlStageStore
from app.jobs.context import JobContext
from app.jobs.states import Job, JobState
from app.services.ingest.run import Options, Run
from app.services.ingest.stage import Codec, Stage, StageRun
from app.services.ingest.turns import TURN_S, IngestTurn
from gpu_workers.media.fakes import FAKE_MEDIA
from tests.contract.clock import Clock

Submit = Callable[[int], Job]


@pytest.fixture
def store() -> SqlJobStore:
    return SqlJobStore(MemoryDatabase())


@pytest.fixture
def submit(store: SqlJobStore, tmp_path: Path) -> Submit:
    """Queues a file of so many bytes; without any, one that is not there yet."""

    def queue(size: int) -> Job:
        path = tmp_path / f"{len(store.list())}.mp4"
        if size:
            path.write_bytes(b"x" * size)
        return store.submit("ingest", IngestRequest(path).to_payload())

    return queue


def begin(store: SqlJobStore, clock: Clock) -> IngestTurn:
    """The oldest waiting job begins."""
    job = store.claim("w1", ["ingest"])
    assert job is not None
    turn = IngestTurn(store, job, JobContext(store, job, "w1"), lambda: clock.now)
    turn.stored()
    return turn


def test_a_much_smaller_file_goes_first_but_not_before_some_time(store: SqlJobStore, submit: Submit) -> None:
    clock = Clock()
    submit(1000)
    turn = begin(store, clock)
    larger, small = submit(400), submit(200)
    assert not turn.is_over()
    clock.now += TURN_S
    assert turn.is_over()
    assert (store.get(small.id).priority, store.get(larger.id).priority) == (1, 0)


@pytest.mark.parametrize("size", [0, 250, 2000])
def test_a_file_that_is_not_much_smaller_or_not_there_yet_waits(store: SqlJobStore, submit: Submit, size: int) -> None:
    clock = Clock()
    submit(1000)
    turn = begin(store, clock)
    other = submit(size)
    clock.now += 10 * TURN_S
    assert not turn.is_over() and store.get(other.id).priority == 0


def test_a_job_that_was_put_at_the_top_stays_there(store: SqlJobStore, submit: Submit) -> None:
    clock = Clock()
    store.move_to_top(submit(1000).id)
    turn = begin(store, clock)
    submit(10)
    clock.now += TURN_S
    assert not turn.is_over()


def test_each_claim_has_its_time_so_that_short_ones_do_not_stop_a_long_one(store: SqlJobStore, submit: Submit) -> None:
    clock, order = Clock(), list[str]()
    long = submit(1000)
    for _ in range(3):
        submit(10)
        job = store.claim("w1", ["ingest"])
        assert job is not None
        order.append(job.id)
        turn = IngestTurn(store, job, JobContext(store, job, "w1"), lambda: clock.now)
        clock.now += 100 * TURN_S
        assert not turn.is_over(), "nothing is stored yet: it would begin anew each time"
        turn.stored()
        assert turn.is_over()
        assert store.release(job, "w1")
        short = store.claim("w1", ["ingest"])
        assert short is not None and short.id != long.id
        store.finish(short, "w1", {})
    assert order == [long.id] * 3
    assert store.get(long.id).state is JobState.QUEUED and store.get(long.id).attempts == 0


def test_units_and_stages_say_that_they_are_stored() -> None:
    class Counted(Stage[str]):
        name = "counted"
        codec = Codec(str.encode, bytes.decode)

        def reduce(self, work: StageRun) -> str:
            work.save("unit", b"")
            return "result"

    times: list[None] = []
    parts: Any = SimpleNamespace(stages=SqlStageStore(MemoryDatabase()))
    video = Video(VideoId("v"), "Film", "film.mkv", FAKE_MEDIA)
    run = Run(parts, Ingest(), video, Path(video.path), Options(), lambda _: None, lambda: False)
    run.stored = lambda: times.append(None)
    assert Counted().result(run) == Counted().result(run) == "result"
    assert len(times) == 2, "a unit and a stage; what was stored before is not counted"
