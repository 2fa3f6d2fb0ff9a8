"""Judges frames with an open-vocabulary detector: many frames as cells of one picture, then single frames closely.

T* (arXiv 2504.02259) looks this way; the sizes of cells and pictures come from there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from app.core.ports import FrameFetch, ObjectDetector
from app.core.types import Frame, FrameFeatures
from gpu_workers.selection.pictures import laid_out, shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELL = (95, 200)
"""Height and width of a cell in pixels."""
CELLS = 64
"""Cells per picture, at most 8 x 8."""
CLOSE_SIDE = 600
"""Longest side of a frame examined alone, in pixels."""
LEAST = 0.005
"""The least confidence that counts, from the paper, for OWL-ViT."""


class TargetScorer(Protocol):
    """Judges whether frames show the named things. Confidences are 0 to 1; 0 is what was not seen at all."""

    def glance(
        self, names: Sequence[str], candidates: Sequence[FrameFeatures], fetch: FrameFetch
    ) -> NDArray[np.float64]:
        """A quick look at some frames as cells of one picture, shape (frames, names)."""
        ...

    def verify(self, names: Sequence[str], candidate: FrameFeatures, fetch: FrameFetch) -> NDArray[np.float64]:
        """A close look at one frame, shape (names,)."""
        ...


class DetectorScorer:
    """Judges by what a detector finds. Implements `TargetScorer`."""

    def __init__(self, detector: ObjectDetector) -> None:
        self._detector = detector

    def glance(
        self, names: Sequence[str], candidates: Sequence[FrameFeatures], fetch: FrameFetch
    ) -> NDArray[np.float64]:
        """See the protocol. One picture per 64 frames; a box counts for the cell that contains its centre."""
        from PIL import Image

        confidences = np.zeros((len(candidates), len(names)))
        height, width = CELL
        first = 0
        frames = iter(fetch([c.pts_s for c in candidates]))
        while cells := list(itertools.islice(frames, CELLS)):
            across = math.ceil(math.sqrt(len(cells)))
            down = math.ceil(len(cells) / across)
            pictures = []
            for image in (frame.image for frame in cells):
                scale = min(height / image.shape[0], width / image.shape[1])
                size = (max(1, int(image.shape[1] * scale)), max(1, int(image.shape[0] * scale)))
                resized = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)
                pictures.append(np.asarray(resized, dtype=np.uint8))
            sheet = Frame(0.0, laid_out(pictures, across, height, width, 128))
            for thing in self._detector.detect([sheet], names, least=LEAST)[0]:
                left, top, right, bottom = thing.box
                column = min(int((left + right) / 2 * across), across - 1)
                row = min(int((top + bottom) / 2 * down), down - 1)
                place = row * across + column
                if place < len(cells):
                    _raise(confidences[first + place], names, thing.name, thing.confidence)
            first += len(cells)
        return confidences

    def verify(self, names: Sequence[str], candidate: FrameFeatures, fetch: FrameFetch) -> NDArray[np.float64]:
        """See the protocol."""
        confidences = np.zeros(len(names))
        frames = [shrunk(frame, CLOSE_SIDE) for frame in fetch([candidate.pts_s])]
        for thing in itertools.chain(*self._detector.detect(frames, names, least=LEAST)):
            _raise(confidences, names, thing.name, thing.confidence)
        return confidences


def _raise(row: NDArray[np.float64], names: Sequence[str], name: str, confidence: float) -> None:
    for place, known in enumerate(names):
        if known == name:
            row[place] = max(row[place], confidence)
