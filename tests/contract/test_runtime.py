"""One contract for where calls are done: this process, a real Ray cluster, and the fake."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.core.errors import BadInput, Cancelled, WorkerFailed
from app.core.ports import Runtime
from app.core.settings import Ray, RayPool
from gpu_workers.cluster.fakes import ShuffledRuntime
from gpu_workers.cluster.local import LocalRuntime
from gpu_workers.cluster.pool import ActorPool, Slot
from gpu_workers.cluster.ray import RayRuntime
from gpu_workers.cluster.remote import RemoteModel
from tests.contract.counting_worker import CountingModel, CountingWorker
from tests.ray_cluster import ray_cluster  # noqa: F401

AHEAD = 8
FACTORY = "tests.contract.counting_worker:make"


@pytest.fixture(scope="module")
def ray_runtime(ray_cluster) -> Iterator[RayRuntime]:  # noqa: F811
    runtime = RayRuntime(FACTORY, lambda pool: None, Ray(replicas=2, cpus=1))
    yield runtime
    runtime.close()


@pytest.fixture(params=["local", "ray", "fake"])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    if request.param == "ray":
        return request.getfixturevalue("ray_runtime")
    return {"local": LocalRuntime, "fake": ShuffledRuntime}[request.param](CountingWorker)


def deaf(number: int, share: float) -> None:
    pass


def test_each_call_gives_its_own_result_in_whatever_order(runtime: Runtime) -> None:
    assert dict(runtime.map("double", range(50), beat=deaf)) == {n: 2 * n for n in range(50)}


def test_no_calls_give_no_results(runtime: Runtime) -> None:
    assert list(runtime.map("double", [], beat=deaf)) == []


def test_calls_are_taken_only_a_few_ahead(runtime: Runtime) -> None:
    taken = done = 0

    def calls() -> Iterator[int]:
        nonlocal taken
        for number in range(10_000 if not isinstance(runtime, RayRuntime) else 1_000):
            taken += 1
            yield number

    for _ in runtime.map("double", calls(), beat=deaf):
        done += 1
        assert taken - done <= AHEAD
    assert done == taken


def test_a_reader_who_takes_nothing_holds_the_cluster_back(ray_cluster) -> None:  # noqa: F811
    taken = 0

    def calls() -> Iterator[int]:
        nonlocal taken
        for number in range(1_000_000):
            taken += 1
            yield number

    runtime = RayRuntime(FACTORY, lambda pool: None, Ray(replicas=2, cpus=0.1, in_flight=3))
    results = runtime.map("double", calls(), beat=deaf)
    for done in range(1, 21):
        next(results)
        if done % 10 == 0:
            time.sleep(0.3)  # actors that are done get nothing new
        assert taken - done <= 2 * 3 + 1
    results.close()
    runtime.close()


def test_an_error_of_ours_and_of_the_system_come_out_unchanged(runtime: Runtime) -> None:
    with pytest.raises(BadInput) as caught:
        list(runtime.map("refuse", ["a.txt"], beat=deaf))
    assert (caught.value.message, caught.value.hint) == ("a.txt is no video.", "Give another.")
    with pytest.raises(FileNotFoundError) as lost:
        list(runtime.map("lose_file", ["a.mp4"], beat=deaf))
    assert (lost.value.errno, lost.value.filename) == (2, "a.mp4")


def test_a_cancel_ends_the_rest_soon_and_the_runtime_goes_on(runtime: Runtime) -> None:
    beats = 0

    def stop(number: int, share: float) -> None:
        nonlocal beats
        beats += 1
        if beats > 3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        list(runtime.map("linger", [60.0] * 5, beat=stop))
    assert dict(runtime.map("double", [4], beat=deaf)) == {0: 8}


def test_a_listener_hears_of_every_call_before_its_result(runtime: Runtime) -> None:
    heard: set[int] = set()
    for number, _ in runtime.map("double", range(20), beat=lambda number, share: heard.add(number)):
        assert number in heard


def test_results_that_nobody_wants_are_not_waited_for(runtime: Runtime) -> None:
    results = runtime.map("double", range(1_000_000), beat=deaf)
    next(results)
    results.close()
    assert dict(runtime.map("double", [3], beat=deaf)) == {0: 6}


def test_calls_that_were_cancelled_on_their_way_do_not_hold_up_others(ray_runtime: RayRuntime) -> None:
    started = time.monotonic()
    for _ in range(10):
        results = ray_runtime.map("double", range(1_000_000), beat=deaf)
        next(results)
        results.close()
        assert dict(ray_runtime.map("double", [3], beat=deaf)) == {0: 6}
    assert time.monotonic() - started < 25


def test_a_killed_actor_costs_a_retry(ray_runtime: RayRuntime, tmp_path: Path) -> None:
    calls = [str(tmp_path / f"mark{number}") for number in range(3)]
    assert dict(ray_runtime.map("die_once", calls, beat=deaf)) == {n: f"mark{n}" for n in range(3)}


def test_a_call_that_kills_every_actor_is_given_up(ray_runtime: RayRuntime) -> None:
    with pytest.raises(WorkerFailed, match="failed after 3 tries"):
        list(ray_runtime.map("die", ["x"], beat=deaf))
    assert dict(ray_runtime.map("double", [1], beat=deaf)) == {0: 2}


def test_a_foreign_error_of_an_actor_is_translated(ray_runtime: RayRuntime) -> None:
    with pytest.raises(WorkerFailed, match="KeyError"):
        list(ray_runtime.map("stumble", ["x"], beat=deaf))


def test_actors_for_which_there_is_no_room_are_a_clear_error(ray_cluster) -> None:  # noqa: F811
    runtime = RayRuntime(FACTORY, lambda pool: None, Ray(cpus=1000, start_s=0.5))
    with pytest.raises(WorkerFailed, match="asks for 1000 cores"):
        list(runtime.map("double", [1], beat=deaf))
    runtime.close()


def test_more_actors_start_when_work_waits_and_end_when_it_is_done(ray_cluster) -> None:  # noqa: F811
    runtime = RayRuntime(FACTORY, lambda pool: None, Ray(max_replicas=2, cpus=0.1, idle_s=1.5))

    def grown() -> bool:
        assert len(list(runtime.map("linger", [0.4] * 8, beat=deaf))) == 8
        return runtime.states()[0].replicas == 2

    _wait(grown)
    _wait(lambda: runtime.states()[0].replicas == 1)
    assert dict(runtime.map("double", [4], beat=deaf)) == {0: 8}
    runtime.close()


def test_more_actors_start_for_many_videos_of_one_chunk_and_none_is_kept(ray_cluster) -> None:  # noqa: F811
    runtime = RayRuntime(FACTORY, lambda pool: None, Ray(replicas=0, max_replicas=2, cpus=0.1, idle_s=0.5))

    def video(number: int) -> int:
        list(runtime.map("linger", [0.4], beat=deaf))
        return runtime.states()[0].replicas

    with ThreadPoolExecutor(6) as threads:
        _wait(lambda: max(threads.map(video, range(18))) == 2)
    _wait(lambda: runtime.states()[0].replicas == 0)
    assert dict(runtime.map("double", [4], beat=deaf)) == {0: 8}
    runtime.close()


def test_of_idle_actors_those_that_found_no_room_end_first(ray_cluster) -> None:  # noqa: F811
    pool = ActorPool("no:factory", None, RayPool(max_replicas=2), Ray(idle_s=0.01))
    started, waiting = Slot("no actor", None), Slot("no actor", "no reference")
    pool._slots = [started, waiting]
    time.sleep(0.02)
    pool._shrink()
    assert pool._slots == [started]
    pool.close()


def test_an_actor_that_has_not_noticed_a_cancel_gets_no_other_call(ray_cluster) -> None:  # noqa: F811
    runtime = RayRuntime(FACTORY, lambda pool: None, Ray(replicas=2, cpus=0.1))
    _wait(lambda: len({pid for _, pid in runtime.map("sleep", [0.1] * 4, beat=deaf)}) == 2)
    begun = time.monotonic()

    def stop(number: int, share: float) -> None:
        if time.monotonic() - begun > 0.5:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        list(runtime.map("sleep", [60.0], beat=stop))
    assert runtime.states()[0].busy == 1
    assert len({pid for _, pid in runtime.map("sleep", [0.0] * 5, beat=deaf)}) == 1
    assert time.monotonic() - begun < 50
    runtime.close()


@pytest.fixture
def host(ray_cluster) -> Iterator[Callable[[RayPool], RayRuntime]]:  # noqa: F811
    """Makes a runtime whose only pool plays the text embedder."""
    made: list[RayRuntime] = []

    def make(pool: RayPool) -> RayRuntime:
        settings = Ray(pools={"text_embedder": pool})
        roles = {"linger": "text_embedder", "sleep": "text_embedder"}
        made.append(RayRuntime("tests.contract.counting_worker:make_host", lambda pool: pool, settings, roles))
        return made[-1]

    yield make
    for runtime in made:
        runtime.close()


@pytest.mark.parametrize(("window_ms", "at_once"), [(0.0, 1), (200.0, 4)])
def test_a_model_of_a_pool_answers_as_one_here_alone_or_joined(
    host: Callable[[RayPool], RayRuntime], window_ms: float, at_once: int
) -> None:
    here = CountingModel("counting-text_embedder")
    runtime = host(RayPool(cpus=0.1, at_once=at_once, window_ms=window_ms))
    there = RemoteModel("text_embedder", here, runtime.ask)
    texts = [["a" * n, "b" * n] for n in range(1, 9)]
    there.embed(["warm"])
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(there.embed, texts))
    assert [a[:, 0].tolist() for a in answers] == [here.embed(t)[:, 0].tolist() for t in texts]
    largest = max(int(a[:, 1].max()) for a in answers)
    assert largest <= 2 * at_once and (largest > 2) == (window_ms > 0)
    assert there.model == here.model
    with pytest.raises(BadInput, match="A text is empty"):
        there.embed([""])


def test_an_answer_can_be_stopped_and_does_not_wait_for_a_chunk(host: Callable[[RayPool], RayRuntime]) -> None:
    runtime = host(RayPool(cpus=0.1))
    model = RemoteModel("text_embedder", CountingModel("counting-text_embedder"), runtime.ask)
    assert model.complete("one", stop=lambda: False) == "ONE"
    enough = threading.Event()

    def beat(number: int, share: float) -> None:
        if enough.is_set():
            raise Cancelled("Enough.")

    with ThreadPoolExecutor(1) as thread:
        chunk = thread.submit(lambda: list(runtime.map("linger", [60.0], beat=beat)))
        begun = time.monotonic()
        with pytest.raises(Cancelled):
            model.complete("a long answer", stop=lambda: time.monotonic() - begun > 0.5)
        assert model.complete("two", stop=lambda: False) == "TWO"
        assert not chunk.done()
        enough.set()
        assert isinstance(chunk.exception(), Cancelled)


def test_a_pool_tells_how_it_stands_without_the_cluster(host: Callable[[RayPool], RayRuntime]) -> None:
    runtime = host(RayPool(cpus=0.1, replicas=1, max_replicas=3))
    model = RemoteModel("text_embedder", CountingModel("counting-text_embedder"), runtime.ask)
    assert runtime.states() == []
    model.embed(["one", "two"])
    ((_, pid),) = runtime.map("sleep", [0.0], beat=deaf)
    os.kill(pid, signal.SIGKILL)
    model.embed(["three"])
    pool = runtime._pools["text_embedder"]
    with ThreadPoolExecutor(1) as thread, pool._lock, runtime._lock:  # as when a connection hangs
        (state,) = thread.submit(runtime.states).result(timeout=10)
    assert (state.name, state.replicas, state.starting, state.most) == ("text_embedder", 1, 0, 3)
    assert (state.busy, state.queued, state.restarts) == (0, 0, 1)
    (told,) = state.models
    assert (told.model, told.loaded) == ("counting-text_embedder", True)
    assert (told.counters.calls, told.counters.items) == (2, 3) and told.counters.seconds > 0.1


def _wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
