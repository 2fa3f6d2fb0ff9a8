"""How sure one is that frames show something that was named: the judges that the searching methods share."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from app.core.ports import FrameEmbedder, FrameFetch, VisionLanguageModel
from app.core.types import Frame, FrameFeatures

if TYPE_CHECKING:
    from numpy.typing import NDArray

JUDGED_SIDE = 490
"""Longest side of a picture given to a model that judges many, pixels: that of GenS."""
_SURE = (
    "How sure are you that this picture shows the following, or helps to answer it: {name}\n"
    "Answer with one whole number from 0 (not at all) to 100 (certain)."
)


class TargetScorer(Protocol):
    """Judges whether frames show what was named. Confidences are 0 to 1."""

    @property
    def certain(self) -> float:
        """The confidence of `verify` from which a thing counts as found; infinite where nothing is proof."""
        ...

    def glance(
        self, names: Sequence[str], candidates: Sequence[FrameFeatures], fetch: FrameFetch
    ) -> NDArray[np.float64]:
        """A first look at some frames, shape (frames, names). A detector may lay them out as cells of one picture."""
        ...

    def verify(self, names: Sequence[str], candidate: FrameFeatures, fetch: FrameFetch) -> NDArray[np.float64]:
        """A close look at one frame, shape (names,)."""
        ...


class LikenessScorer:
    """Judges by the cosine of concept vectors that are known already. Plays `TargetScorer`.

    It costs nothing, and likeness is no proof, so that a search with it uses its whole budget.
    """

    certain = math.inf

    def __init__(self, embedder: FrameEmbedder) -> None:
        self._embedder = embedder

    def glance(
        self, names: Sequence[str], candidates: Sequence[FrameFeatures], fetch: FrameFetch
    ) -> NDArray[np.float64]:
        """See the protocol."""
        del fetch
        queries = np.stack([self._embedder.embed_query(name) for name in names])
        return np.array([np.clip(queries @ c.concept, 0.0, 1.0) for c in candidates], np.float64).reshape(
            -1, len(names)
        )

    def verify(self, names: Sequence[str], candidate: FrameFeatures, fetch: FrameFetch) -> NDArray[np.float64]:
        """See the protocol."""
        return np.asarray(self.glance(names, [candidate], fetch)[0])


class LookingScorer:
    """Asks a vision-language model about each picture. Plays `TargetScorer`.

    QuoTA takes the probability of the model's "yes"; a model behind a port gives words only, so that it is asked
    for a number. An answer without a number counts as 0.
    """

    certain = 0.6

    def __init__(self, model: VisionLanguageModel) -> None:
        self._model = model

    def glance(
        self, names: Sequence[str], candidates: Sequence[FrameFeatures], fetch: FrameFetch
    ) -> NDArray[np.float64]:
        """See the protocol. One request for each frame and name."""
        found = np.zeros((len(candidates), len(names)))
        for row, frame in enumerate(fetch([c.pts_s for c in candidates])):
            small = shrunk(frame, JUDGED_SIDE)
            found[row] = [self._sure(small, name) for name in names]
        return found

    def verify(self, names: Sequence[str], candidate: FrameFeatures, fetch: FrameFetch) -> NDArray[np.float64]:
        """See the protocol."""
        return np.asarray(self.glance(names, [candidate], fetch)[0])

    def _sure(self, frame: Frame, name: str) -> float:
        said = re.search(r"\d+", self._model.look([frame], _SURE.format(name=name)).text)
        return min(float(said.group()), 100.0) / 100.0 if said else 0.0


def shrunk(frame: Frame, side: int) -> Frame:
    """The frame with its longest side at most `side` pixels."""
    from PIL import Image

    height, width = frame.image.shape[:2]
    if max(height, width) <= side:
        return frame
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return Frame(frame.pts_s, np.asarray(Image.fromarray(frame.image).resize(size, Image.Resampling.BICUBIC)))
