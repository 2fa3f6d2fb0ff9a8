"""One contract for where calls are done: this process, a real Ray cluster, and the fake."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.errors import BadInput, Cancelled, WorkerFailed
from app.core.ports import Runtime
from app.core.settings import Ray
from gpu_workers.runtime.fakes import ShuffledRuntime
from gpu_workers.runtime.local import LocalRuntime
from gpu_workers.runtime.ray import RayRuntime
from tests.contract.counting_worker import CountingWorker
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
    with pytest.raises(WorkerFailed, match="given up after 3 tries"):
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


def test_more_actors_start_when_work_waits(ray_cluster) -> None:  # noqa: F811
    runtime = RayRuntime("tests.contract.counting_worker:make", lambda pool: None, Ray(max_replicas=2, cpus=0.1))
    assert len(list(runtime.map("linger", [0.4] * 8, beat=deaf))) == 8
    assert len(runtime._pools[""]._slots) == 2
    runtime.close()
