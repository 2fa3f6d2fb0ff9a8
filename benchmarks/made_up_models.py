"""Stand-ins for the models that a selection method asks: they see the likeness of made-up vectors to the question."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.types import Completion, Frame, FrameFeatures


class FixedVectorEmbedder:
    """Gives one vector for every question: the part of `FrameEmbedder` that selections use."""

    model = "given"

    def __init__(self, vector: NDArray[np.float32]) -> None:
        self._vector = vector

    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:
        """Never asked for."""
        raise NotImplementedError

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector."""
        del text
        return self._vector


@dataclass
class MadeUpModels:
    """Stand in for a vision-language model and a detector: they see the likeness to the question, from the vectors.

    They test how windows, rounds and scores are joined, not how well a model sees. `calls` counts what a real model
    would be asked: windows, single pictures of a batch, sheets of cells.
    """

    features: Sequence[FrameFeatures]
    question: NDArray[np.float32]
    calls: int = 0
    model: str = "made-up"
    _standing_out: NDArray[np.float64] = field(init=False)
    _place: dict[float, int] = field(init=False)

    def __post_init__(self) -> None:
        likeness = np.array([f.concept @ self.question for f in self.features], np.float64)
        self._standing_out = (likeness - likeness.mean()) / max(float(likeness.std()), 1e-9)
        self._place = {f.pts_s: place for place, f in enumerate(self.features)}

    def fetch(self, times_s: Sequence[float]) -> Iterator[Frame]:
        """Pictures of two pixels that hold the number of their frame."""
        for time_s in times_s:
            yield Frame(time_s, np.frombuffer(self._place[time_s].to_bytes(6, "big"), np.uint8).reshape(1, 2, 3))

    def look(self, frames: Sequence[Frame], question: str, stop: Callable[[], bool] | None = None) -> Completion:
        """JSON with 1 to 5 for pictures more like the question than two standard deviations above the mean."""
        del question, stop
        self.calls += 1
        if not frames:
            return Completion("no")
        above = np.floor(self._of(frames)) - 1
        scores = {str(int(frame.pts_s)): int(min(score, 5)) for frame, score in zip(frames, above, strict=True)}
        return Completion(json.dumps({number: score for number, score in scores.items() if score >= 1}))

    def first_token_probability(self, frames: Sequence[Frame], question: str, token: str) -> NDArray[np.float64]:
        """Even at three standard deviations above the mean."""
        del question, token
        self.calls += len(frames)
        return np.asarray(1 / (1 + np.exp(3 - self._of(frames))))

    def glance(self, names: Sequence[str], candidates: Sequence[FrameFeatures], fetch: Any) -> NDArray[np.float64]:
        """Half as sure as of a frame alone; nothing below three standard deviations above the mean."""
        del fetch
        self.calls += 1
        return np.array([[self._sure(one) / 2] * len(names) for one in candidates])

    def verify(self, names: Sequence[str], candidate: FrameFeatures, fetch: Any) -> NDArray[np.float64]:
        """Certain from about six standard deviations on."""
        del fetch
        self.calls += 1
        return np.full(len(names), self._sure(candidate))

    def _sure(self, one: FrameFeatures) -> float:
        return float(np.clip((self._standing_out[self._place[one.pts_s]] - 3) / 5, 0, 1))

    def _of(self, frames: Sequence[Frame]) -> NDArray[np.float64]:
        places = [int.from_bytes(frame.image.tobytes(), "big") for frame in frames]
        return np.asarray(self._standing_out[places])
