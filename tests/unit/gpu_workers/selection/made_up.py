"""Made-up frames for the tests of selections: directions, and questions that point along them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.core.types import Frame, FrameFeatures

SIZE = 32


def axis(number: int) -> np.ndarray:
    """A unit vector along one axis."""
    vector = np.zeros(SIZE, np.float32)
    vector[number] = 1.0
    return vector


def shown(rows: Sequence[np.ndarray], concepts: Sequence[np.ndarray] | None = None) -> list[FrameFeatures]:
    """Frames, one a second, whose concept is their vector unless given."""
    concepts = rows if concepts is None else concepts
    return [FrameFeatures(float(s), v, c) for s, (v, c) in enumerate(zip(rows, concepts, strict=True))]


class Axes:
    """An embedder for questions that are numbers of axes: "3", or "3 5" for half way between."""

    model = "axes"

    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:
        raise AssertionError("selections do not embed frames")

    def embed_query(self, text: str) -> np.ndarray:
        vector = np.sum([axis(int(number)) for number in text.split()], axis=0)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


class Fetch:
    """Fetches pictures whose grey is their time (up to 255), and keeps which times were asked for."""

    def __init__(self, shape: tuple[int, int] = (6, 8)) -> None:
        self.times_s: list[float] = []
        self.shape = shape

    def __call__(self, times_s: Sequence[float]) -> list[Frame]:
        self.times_s += times_s
        return [Frame(t, np.full((*self.shape, 3), int(t) % 256, np.uint8)) for t in times_s]


def never(times_s: Sequence[float]) -> list[Frame]:
    raise AssertionError("this method needs no pictures")
