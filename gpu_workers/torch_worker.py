"""The base of all torch models: device, weights, batches, and what to do when memory runs out.

When memory runs out, the worker halves the batch, down to one item; then frees models that are not in use;
then continues on the CPU until the model is unloaded. It raises an error only if the CPU runs out too.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from app.core.errors import BadSettings, MissingPart
from app.core.settings import Settings
from gpu_workers import awq
from gpu_workers.base import Loaded, ModelWorker, OutOfMemory, free_memory
from gpu_workers.device import CPU, Device, best_place
from gpu_workers.memory import estimate
from gpu_workers.weights import hub

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


class TorchWorker(ModelWorker[Loaded]):
    """A backend implements `_load_at` and passes its items through `_in_batches`."""

    QUANTISED = False
    """Whether the quantisation setting applies to this kind of model."""
    PRECISE = False
    """Whether the automatic number type is float32 on a GPU too, for small models that need the precision."""
    GPU_BATCH, CPU_BATCH = 32, 8

    def __init__(self, weights: str, role: str, settings: Settings, *, suffix: str = "") -> None:
        quantisation = settings.hardware.quantisation if self.QUANTISED else "none"
        quantised = "" if quantisation == "none" else f"/{quantisation}"
        super().__init__(f"{hub.title(weights)}{quantised}{suffix}")
        self._weights = weights
        self._role = role
        self._settings = settings
        self._place: Device | None = None
        self._largest: int | None = None

    @property
    def place(self) -> Device:
        """The device where the model is, or where it would be loaded now. Raises MissingPart."""
        if self._place is None:
            place = best_place(self._settings.hardware, quantise=self.QUANTISED)
            precise = self.PRECISE and self._settings.hardware.dtype == "auto"
            self._place = replace(place, dtype="float32") if precise else place
        return self._place

    @property
    def weights(self) -> str:
        """The Hugging Face name, folder or file of the weights."""
        return self._weights

    def unload(self) -> None:
        """Frees the model; the next use tries the preferred device and batch again."""
        with self._lock:
            self._place = self._largest = None
            super().unload()

    @abstractmethod
    def _load_at(self, folder: Path, place: Device) -> Loaded:
        """Builds the model from a complete folder."""

    def _load(self) -> Loaded:
        import torch

        if self._settings.threads:
            torch.set_num_threads(self._settings.threads)
        return self._load_at(self._files(), self.place)

    def _files(self) -> Path:
        """The folder or file that the model is built from. Raises MissingPart."""
        return hub.folder(self._weights, self._role)

    def _expected_bytes(self) -> int:
        known = estimate.weight_bytes(self._weights, self.place)
        return known or 0

    def _built(self, auto: str, folder: Path, place: Device) -> Any:
        """The network itself; benchmarks replace it with one that has random weights."""
        return from_folder(auto, folder, place)

    def _in_batches(
        self,
        items: Sequence[Item],
        run: Callable[[Loaded, Sequence[Item]], Sequence[Result]],
        stop: Callable[[], bool] | None = None,
    ) -> list[Result]:
        """Calls `run` on consecutive batches without gradients, and returns the results in order.

        Raises Cancelled if `stop` returns True while another caller uses the model.
        """
        import torch

        results: list[Result] = []
        while len(results) < len(items):
            some = items[len(results) : len(results) + self.batch]
            problem = ""
            try:
                with self._use(len(some), stop) as loaded, torch.inference_mode():
                    results += run(loaded, some)
            except OutOfMemory as error:
                problem = error.message
            # The exception holds the tensors that filled the memory, and lives until this clause ends.
            if problem:
                self._spare(len(some), problem)
        return results

    @property
    def batch(self) -> int:
        """The current batch size. Raises MissingPart."""
        if self._largest is None:
            own = self.GPU_BATCH if self.place.is_gpu else self.CPU_BATCH
            self._largest = self._settings.hardware.batch or own
        return self._largest

    def _spare(self, size: int, problem: str) -> None:
        """Halves the batch, else frees other models, else moves this model to the CPU, or raises OutOfMemory."""
        free_memory()
        if self.is_loaded and size > 1:
            self._largest = size // 2
            logger.warning("%s The batch size is now %d.", problem, self._largest)
            return
        try:
            super()._spare(size, problem)
        except OutOfMemory:
            if not self.place.is_gpu:
                raise
            self.unload()
            self._place = CPU
            logger.warning("%s Continuing on the CPU, which is slow.", problem)


def from_folder(auto: str, folder: Path, place: Device) -> Any:
    """Loads a folder with one of transformers' Auto classes, ready to predict. Raises MissingPart, BadSettings."""
    import torch
    import transformers

    options: dict[str, Any] = {"dtype": getattr(torch, place.dtype), "local_files_only": True}
    packed = awq.packing(folder)
    if packed and place.quantisation != "none":
        raise BadSettings(
            f"The weights in {folder.name} are already quantised.", "Unset LONGREEL_HARDWARE__QUANTISATION."
        )
    if packed:
        options["config"] = awq.configuration(folder, packed)
    elif place.quantisation != "none":
        options |= {"quantization_config": _bitsandbytes(place), "device_map": {"": place.device}}
    shown = transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()
    try:
        model, loading = getattr(transformers, auto).from_pretrained(folder, output_loading_info=True, **options)
    finally:
        if shown:
            transformers.utils.logging.enable_progress_bar()
    if packed and loading["missing_keys"]:
        lacking = loading["missing_keys"]
        raise MissingPart(
            f"The weights in {folder.name} lack {len(lacking)} parts, such as {min(lacking)}.",
            "Choose weights that AutoAWQ made for this model.",
        )
    return model.eval() if place.quantisation != "none" else model.eval().to(place.device)


def _bitsandbytes(place: Device) -> Any:
    import importlib.util

    import torch
    from transformers import BitsAndBytesConfig

    missing = [name for name in ("bitsandbytes", "accelerate") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPart(
            f"Weights in {place.quantisation} need {' and '.join(missing)}.",
            f"Run pip install {' '.join(missing)}, or unset LONGREEL_HARDWARE__QUANTISATION.",
        )
    if place.quantisation == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=getattr(torch, place.dtype)
    )
