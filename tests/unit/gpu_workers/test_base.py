"""What every model worker does for its model."""

from __future__ import annotations

import threading
import time

import pytest

from app.core.errors import BadInput, Cancelled, MissingPart, WorkerFailed
from gpu_workers.base import ModelWorker, OutOfMemory


class Doubler(ModelWorker[list[int]]):
    """Doubles numbers; its model is a list that each prediction grows."""

    def __init__(self, fail: BaseException | None = None) -> None:
        super().__init__("doubler@1")
        self.fail = fail

    def _load(self) -> list[int]:
        if self.fail is not None:
            raise self.fail
        return []

    def double(self, number: int, items: int = 1) -> int:
        with self._use(items) as loaded:
            loaded.append(number)
            return 2 * number

    def break_with(self, error: BaseException) -> None:
        with self._use(1):
            raise error


def wait_until(condition, seconds=5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


def test_nothing_is_loaded_before_the_first_use_and_once_after_it():
    worker = Doubler()
    assert not worker.is_loaded
    assert [worker.double(2), worker.double(3)] == [4, 6]
    assert worker.is_loaded and worker.counters.loads == 1


def test_counters_tell_calls_items_and_seconds():
    worker = Doubler()
    worker.double(1, items=3)
    worker.double(1, items=4)
    assert (worker.counters.calls, worker.counters.items) == (2, 7)
    assert worker.counters.seconds > 0


def test_a_failed_prediction_counts_its_time_but_not_its_items():
    worker = Doubler()
    with pytest.raises(WorkerFailed):
        worker.break_with(RuntimeError("broken"))
    assert worker.counters.items == 0 and worker.counters.seconds > 0


def test_warming_up_loads_the_model():
    worker = Doubler()
    worker.warm_up()
    assert worker.is_loaded


def test_an_unloaded_model_is_loaded_again_when_needed():
    worker = Doubler()
    worker.double(1)
    worker.unload()
    assert not worker.is_loaded
    assert worker.double(5) == 10 and worker.counters.loads == 2


def test_an_idle_model_is_freed_and_a_used_one_is_not():
    worker = Doubler()
    worker.idle_unload_s = 0.3
    for _ in range(5):
        worker.double(1)
        time.sleep(0.1)
        assert worker.is_loaded
    assert wait_until(lambda: not worker.is_loaded)
    assert worker.counters.loads == 1
    assert worker.double(1) == 2
    assert wait_until(lambda: not worker.is_loaded)


def test_a_model_in_use_is_not_freed_for_others():
    worker = Doubler()
    worker.double(1)
    entered, leave = threading.Event(), threading.Event()

    def use() -> None:
        with worker._use():
            entered.set()
            leave.wait(5)

    thread = threading.Thread(target=use)
    thread.start()
    assert entered.wait(5)
    assert not worker.unload_if_unused() and worker.is_loaded
    leave.set()
    thread.join()
    assert worker.unload_if_unused() and not worker.is_loaded
    assert not worker.unload_if_unused()


def test_a_caller_who_waits_for_a_model_in_use_can_be_stopped():
    worker = Doubler()
    entered, leave = threading.Event(), threading.Event()

    def occupy() -> None:
        with worker._use():
            entered.set()
            leave.wait(5)

    thread = threading.Thread(target=occupy)
    thread.start()
    assert entered.wait(5)
    started = time.monotonic()
    with pytest.raises(Cancelled), worker._use(1, lambda: time.monotonic() - started > 0.2):
        pass
    assert time.monotonic() - started < 2
    leave.set()
    thread.join()
    assert worker.double(4) == 8


def test_a_model_is_not_freed_for_another_that_its_own_caller_loads():
    outer, inner = Doubler(), Doubler()
    inner.keep_within = lambda _: outer.unload_if_unused()
    with outer._use():
        assert inner.double(3) == 6
        assert outer.is_loaded
    assert outer.unload_if_unused()


def test_a_model_that_does_not_fit_is_loaded_again_once_another_has_been_freed():
    class Crowded(Doubler):
        room = False

        def _load(self):
            if not self.room:
                raise MemoryError
            return []

        def give_room(self):
            is_new, self.room = not self.room, True
            return is_new

    worker = Crowded()
    worker.make_room = worker.give_room
    assert worker.double(2) == 4
    assert (worker.counters.out_of_memory, worker.counters.loads) == (1, 1)


def test_room_is_asked_for_before_a_model_of_known_size_is_loaded():
    worker, asked = Doubler(), []
    worker._expected_bytes = lambda: 700
    worker.keep_within = lambda wanted: asked.append((wanted, worker.is_loaded))
    worker.double(1)
    assert asked == [(700, False)] and worker.bytes_taken == 700


def test_a_model_whose_size_is_seen_only_when_loaded_is_counted_then():
    class Large(Doubler):
        def _load(self):
            return list(bytearray(20_000_000))

    worker, asked = Large(), []
    worker.keep_within = asked.append
    worker.double(1)
    assert worker.bytes_taken > 50_000_000 and asked == [0, worker.bytes_taken]
    worker.unload()
    assert worker.bytes_taken == 0


def test_the_last_use_is_told():
    worker = Doubler()
    assert worker.last_used == 0
    worker.double(1)
    first = worker.last_used
    worker.double(1)
    assert worker.last_used > first > 0


def test_errors_of_our_own_pass_unchanged():
    with pytest.raises(BadInput, match="no such thing"):
        Doubler().break_with(BadInput("no such thing"))


def test_a_missing_package_names_it():
    with pytest.raises(MissingPart, match="needs the package torchvision"):
        Doubler(ModuleNotFoundError("x", name="torchvision")).double(1)


def test_a_library_of_the_system_that_is_missing_is_named():
    linker = "libgomp.so.1: cannot open shared object file"
    with pytest.raises(MissingPart, match=f"needs {linker}"):
        Doubler(ImportError(linker, name="xllamacpp")).double(1)


def test_a_library_that_asks_for_a_package_in_words_is_quoted():
    with pytest.raises(MissingPart, match="needs Package `num2words` is required"):
        Doubler(ImportError("Package `num2words` is required.\nMore.")).double(1)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA failed with error out of memory"),
        RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"),
        RuntimeError("std::bad_alloc"),
        "torch",
    ],
)
def test_memory_that_runs_out_has_its_own_error(error):
    if error == "torch":
        import torch

        error = torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(OutOfMemory, match="ran out of memory"):
        Doubler().break_with(error)
    with pytest.raises(OutOfMemory):
        Doubler(error).double(1)


def test_any_other_error_tells_what_could_not_be_done():
    with pytest.raises(WorkerFailed, match="doubler@1 could not load: no disk"):
        Doubler(OSError("no disk")).double(1)
