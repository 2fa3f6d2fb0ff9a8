"""Batches, out of memory and places of models on torch; out of memory is raised as torch raises it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import MissingPart
from app.core.settings import Hardware, Settings
from gpu_workers.base import OutOfMemory
from gpu_workers.device import CPU, Device
from gpu_workers.torch_worker import TorchWorker, from_folder
from tests import tiny_models


class Squares(TorchWorker[Device]):
    """Squares numbers. Its device holds `room` numbers, the CPU `cpu_room`; its model is where it was loaded."""

    GPU_BATCH = CPU_BATCH = 8

    def __init__(self, weights: Path, *, device: str = "cpu", room: int = 99, cpu_room: int = 99, **hardware) -> None:
        super().__init__(str(weights), "language_model", Settings(hardware=Hardware(**hardware)))
        self._place = Device(device)
        self.room, self.cpu_room = room, cpu_room
        self.sizes: list[tuple[str, int]] = []

    def _load_at(self, folder: Path, place: Device) -> Device:
        self._take(place, 0)
        return place

    def squared(self, numbers: list[int]) -> list[int]:
        def run(place, some):
            self.sizes.append((place.device, len(some)))
            self._take(place, len(some))
            return [number**2 for number in some]

        return self._in_batches(numbers, run)

    def _take(self, place: Device, count: int) -> None:
        import torch

        if count > (self.room if place.is_gpu else self.cpu_room):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_models.bert(tmp_path_factory.mktemp("bert"))


def test_items_are_run_in_batches_in_order(folder):
    worker = Squares(folder, batch=4)
    assert worker.squared(list(range(10))) == [n**2 for n in range(10)]
    assert worker.sizes == [("cpu", 4), ("cpu", 4), ("cpu", 2)]
    assert worker.counters.items == 10


def test_no_items_load_nothing(folder):
    worker = Squares(folder)
    assert worker.squared([]) == [] and not worker.is_loaded


def test_out_of_memory_halves_the_batch_and_remembers_it(folder):
    worker = Squares(folder, room=3, device="cuda:0")
    assert worker.squared(list(range(5))) == [0, 1, 4, 9, 16]
    assert worker.sizes == [("cuda:0", n) for n in (5, 2, 2, 1)]
    worker.sizes.clear()
    worker.squared([1, 2, 3])
    assert worker.sizes == [("cuda:0", 2), ("cuda:0", 1)]
    assert worker.counters.out_of_memory == 1


def test_models_that_others_do_not_use_are_freed_before_the_cpu_is_taken(folder):
    worker = Squares(folder, room=0, device="cuda:0")

    def make_room() -> bool:
        worker.room = 1
        return True

    worker.make_room = make_room
    assert worker.squared([3]) == [9]
    assert worker.sizes == [("cuda:0", 1), ("cuda:0", 1)]


def test_a_model_that_does_not_fit_goes_on_with_the_cpu_until_it_is_unloaded(folder):
    worker = Squares(folder, room=0, device="cuda:0")
    assert worker.squared([3, 4]) == [9, 16]
    assert worker.sizes[0] == ("cuda:0", 2) and worker.sizes[-1][0] == "cpu"
    assert worker.place == CPU
    worker.unload()
    assert worker.place == Squares(folder).place


def test_a_model_that_cannot_even_be_loaded_goes_to_the_cpu(folder):
    worker = Squares(folder, room=-1, device="cuda:0")
    assert worker.squared([2]) == [4]
    assert worker.sizes == [("cpu", 1)]


def test_a_model_whose_facts_are_read_before_its_first_answer_goes_to_the_cpu_too(folder):
    worker = Squares(folder, room=-1, device="cuda:0")
    worker.warm_up()
    assert worker.is_loaded and worker.place == CPU


def test_when_the_cpu_cannot_hold_it_either_the_error_says_what_to_do(folder):
    worker = Squares(folder, room=0, cpu_room=0, device="cuda:0")
    with pytest.raises(OutOfMemory, match="ran out of memory") as caught:
        worker.squared([1, 2])
    assert "smaller model" in caught.value.hint


def test_a_gpu_that_is_not_there_is_named(folder):
    worker = Squares(folder, device="cpu")
    worker._settings = Settings(hardware=Hardware(device="cuda:7"))
    worker.unload()
    with pytest.raises(MissingPart, match="LONGREEL_HARDWARE__DEVICE is cuda:7"):
        worker.squared([1])


def test_quantised_weights_need_bitsandbytes_which_is_named(folder):
    with pytest.raises(MissingPart, match="bitsandbytes"):
        from_folder("AutoModel", folder, Device("cuda:0", "bfloat16", "4bit"))


def test_weights_are_loaded_in_the_numbers_that_were_asked_for(folder):
    import torch

    assert from_folder("AutoModel", folder, Device("cpu", "bfloat16")).dtype == torch.bfloat16
