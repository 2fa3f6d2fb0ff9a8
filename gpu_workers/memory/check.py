"""Checks whether the chosen models fit into memory, and suggests a setting that would make them fit.

Nothing is loaded or downloaded. The size of the weights comes from the files' headers or the model's name; the memory
a model needs while it works is an estimate (`estimate.working_bytes`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from app.core.settings import Settings
from gpu_workers.base import ModelWorker, resident_bytes
from gpu_workers.device import CPU, Device, best_place
from gpu_workers.memory.estimate import ModelLoad, weight_bytes, working_bytes
from gpu_workers.registry import CLASSES, Workers
from gpu_workers.torch_worker import TorchWorker
from gpu_workers.weights import packaged as offline

READS = {"captioner": 1000, "vision_language_model": 1000, "language_model": 8000, "text_embedder": 512}
"""Tokens that a role's model reads per item: three frames and a prompt, or the agent's longest prompt."""
ALONE = ("language_model",)
"""Roles that get one item at a time, whatever the batch size."""
SPEECH = ("transcriber", "diarizer")
"""Roles whose models run on the same device through other libraries; at work they need less than the vision models."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The memory that one model needs, and what is available."""

    roles: tuple[str, ...]
    model: str
    place: Device
    weights: int | None
    """Bytes; None if neither the files nor the name show it."""
    working: int
    free: int
    setting: str = ""
    """The variable and value that would make it fit; empty when it fits or nothing helps."""

    @property
    def fits(self) -> bool:
        """Whether it fits, as far as known."""
        return self.weights is None or self.weights + self.working <= self.free


def fits(settings: Settings, workers: Workers) -> list[Fit]:
    """The fit of each model, in the order of the roles. Raises MissingPart if the chosen GPU is absent."""
    by_model: dict[int, Fit] = {}
    for role in CLASSES:
        model = workers.get(role)
        model = getattr(model, "eyes", model)
        if id(model) in by_model:
            by_model[id(model)] = replace(by_model[id(model)], roles=(*by_model[id(model)].roles, role))
        elif isinstance(model, TorchWorker):
            by_model[id(model)] = _fit(role, model, settings)
        elif role in SPEECH and isinstance(model, ModelWorker) and workers.names_weights(role):
            place = best_place(settings.hardware)
            if role == "transcriber" and not place.is_gpu:
                place = replace(place, quantisation="8bit")  # so faster-whisper holds it
            size = weight_bytes(workers.weights(role), place)
            by_model[id(model)] = Fit((role,), model.model, place, size, 0, free_bytes(place))
    fits = list(by_model.values())
    # The models that come in packages take about the size of their files.
    for part in (part for part in offline.needed_parts(settings) if not getattr(settings.weights, part.role, "")):
        sizes = [target.size for target in part.targets]
        sizes = sizes or [file.stat().st_size for source in part.sources if (file := source.find()) is not None]
        fits.append(Fit((part.role,), part.name, CPU, sum(sizes) or None, 0, free_bytes(CPU)))
    return fits


def free_bytes(place: Device) -> int:
    """Memory on a device that this process has or could get; the total if the system does not report it."""
    if place.is_gpu:
        import torch

        free: int = torch.cuda.mem_get_info(place.device)[0]
        return free + int(torch.cuda.memory_reserved(place.device))
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            available = re.search(r"MemAvailable:\s+(\d+) kB", file.read())
    except OSError:
        available = None
    if available is None:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return int(available[1]) * 1024 + resident_bytes()


def _fit(role: str, model: TorchWorker[Any], settings: Settings) -> Fit:
    place = model.place
    work = ModelLoad(1 if role in ALONE else model.batch, READS.get(role, 0), model.QUANTISED)
    fit = _at(role, model.weights, model.model, place, work)
    if fit.fits:
        return fit
    for setting, other, batch in _remedies(role, place, work.batch, model.QUANTISED, settings):
        if _at(role, model.weights, model.model, other, replace(work, batch=batch)).fits:
            return replace(fit, setting=setting)
    return replace(fit, setting=f"LONGREEL_WEIGHTS__{role.upper()}=a smaller model")


def _at(role: str, weights: str, title: str, place: Device, work: ModelLoad) -> Fit:
    taken = weight_bytes(weights, place)
    return Fit((role,), title, place, taken, working_bytes(weights, place, work), free_bytes(place))


def _remedies(
    role: str, place: Device, batch: int, quantised: bool, settings: Settings
) -> Iterator[tuple[str, Device, int]]:
    """Settings to try, cheapest first, each with the device and batch size that it results in."""
    for smaller in (batch // 2, batch // 8, 1):
        if 0 < smaller < batch and role not in ALONE:
            yield f"LONGREEL_HARDWARE__BATCH={smaller}", place, smaller
    if place.dtype == "float32":
        yield "LONGREEL_HARDWARE__DTYPE=bfloat16", replace(place, dtype="bfloat16"), batch
    if place.is_gpu and quantised:
        for bits in ("8bit", "4bit"):
            if bits != settings.hardware.quantisation:
                yield f"LONGREEL_HARDWARE__QUANTISATION={bits}", replace(place, quantisation=bits), 1
    if place.is_gpu:
        yield "LONGREEL_HARDWARE__DEVICE=cpu", CPU, 1
