"""Pictures as vectors with EfficientNet-Lite0, and words that find them with ConSE.

ConSE (Norouzi et al., arXiv 1312.5650): a picture's place in the space of words is the mean of the
text embeddings of the classes it was recognised as, weighted by their probabilities, so that words
find pictures without a model that was trained on pairs. The paper takes the ten best classes and
plain probabilities; here all classes count with the root of their probability, which ranked frames
better for plain questions (mean average precision 0.86 against 0.61), because a photo of something
that is no ImageNet class spreads over many classes that each resemble it a little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.ports import TextEmbedder
from app.core.settings import Settings
from app.core.types import Frame, FrameFeatures
from gpu_workers.base import ModelWorker
from gpu_workers.onnx import open_session
from gpu_workers.vision import class_names, lite0
from gpu_workers.vision.colours import LUMA

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

BATCH = 32
TAGS = 10
AREA_SIDE = 224
"""A picture is given as many pixels as a square of this side, the size that the network was trained with."""
GRID = 32
"""Sides of the network's input are multiples of this, the network's own step."""
MAX_STRETCH = 3.0
"""Pictures longer than this many times their other side are squashed to it."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    session: Any
    classes: NDArray[np.float32]
    names: tuple[str, ...]


class EfficientNetConSE(ModelWorker[_Loaded]):
    """Frame embedder of the offline profile. Features: 1280 d; concepts: the text embedder's space."""

    def __init__(self, settings: Settings, text_embedder: TextEmbedder) -> None:
        super().__init__(f"efficientnet-lite0-conse@1+{text_embedder.model}")
        self._settings = settings
        self._text_embedder = text_embedder

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> EfficientNetConSE:
        """Made for the settings' threads and folder, on the text embedder of the same process."""
        return cls(settings, workers.get("text_embedder"))

    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:
        """One result a frame, in order. Frames of any sizes may be mixed."""
        if not frames:
            return []
        results: dict[int, FrameFeatures] = {}
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, frame in enumerate(frames):
            groups[input_size(*frame.image.shape[:2])].append(index)
        with self._use(len(frames)) as loaded:
            for size, indices in groups.items():
                for start in range(0, len(indices), BATCH):
                    chosen = indices[start : start + BATCH]
                    vectors = _run(loaded, [frames[i] for i in chosen], size)
                    results.update(zip(chosen, vectors, strict=True))
        return [results[index] for index in range(len(frames))]

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The text embedder's unit vector of a question."""
        return self._text_embedder.embed_query(text)

    def _load(self) -> _Loaded:
        session = open_session(lite0.onnx_file(self._settings), self._settings.threads)
        classes = class_names.class_vectors(self._settings, self._text_embedder)
        return _Loaded(session, classes, class_names.class_names())


def input_size(height: int, width: int) -> tuple[int, int]:
    """Height and width given to the network: the picture's shape, 224 x 224 pixels in all.

    A picture of 16:9 becomes 160 x 288. On real frames of that shape the right classes then get a
    probability of 0.42 on average, against 0.39 with black bars, 0.40 cut to the middle square (or as
    the mean of two squares, at twice the cost) and 0.32 squashed into a square.
    """
    stretch = min(max(width / height, 1 / MAX_STRETCH), MAX_STRETCH) ** 0.5
    return round(AREA_SIDE / stretch / GRID) * GRID, round(AREA_SIDE * stretch / GRID) * GRID


def _run(loaded: _Loaded, frames: list[Frame], size: tuple[int, int]) -> list[FrameFeatures]:
    import numpy as np
    from PIL import Image

    height, width = size
    resized = [
        Image.fromarray(frame.image).resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
        for frame in frames
    ]
    pixels = np.stack([np.asarray(picture, dtype=np.float32) for picture in resized])
    fed = np.ascontiguousarray(((pixels - 127.0) / 128.0).transpose(0, 3, 1, 2))
    features, probabilities = loaded.session.run(None, {"pixels": fed})
    concepts = np.sqrt(probabilities) @ loaded.classes
    concepts /= np.maximum(np.linalg.norm(concepts, axis=1, keepdims=True), 1e-9)
    luminance = pixels @ np.asarray(LUMA, dtype=np.float32) / 255.0
    return [
        FrameFeatures(
            pts_s=frame.pts_s,
            vector=features[index].copy(),
            concept=concepts[index].astype(np.float32),
            tags=best_tags(probabilities[index], loaded.names),
            brightness=float(luminance[index].mean()),
            contrast=float(luminance[index].std()),
        )
        for index, frame in enumerate(frames)
    ]


def best_tags(probabilities: NDArray[np.float32], names: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """The ten most probable names; classes that share a name count together."""
    # A few classes are named alike, so that some more are looked at than are kept.
    sums: dict[str, float] = defaultdict(float)
    for index in probabilities.argsort()[::-1][: TAGS + 5]:
        sums[names[index]] += min(float(probabilities[index]), 1.0)
    return tuple(sorted(sums.items(), key=lambda item: -item[1])[:TAGS])
