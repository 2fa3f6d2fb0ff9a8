"""Scores how likely frames show something named: the judges that the search methods share."""

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
"""Longest side, in pixels, of pictures for a model that judges many; the same as for GenS."""
_SURE = (
    "How sure are you that this picture shows the following, or helps to answer it: {name}\n"
    "Answer with one whole number from 0 (not at all) to 100 (certain)."
)


class TargetScorer(Protocol):
    """Judges whether frames show the named things. Confidences are 0 to 1."""

    @property
    def certain(self) -> float:
        """The confidence from `verify` above which a thing counts as confidences; infinite if nothing is proof."""
        ...

    def glance(
        self, names: Sequence[str], candidates: Sequence[FrameFeatures], fetch: FrameFetch
    ) -> NDArray[np.float64]:
        """A quick look at some frames, shape (frames, names). A detector may lay them out as cells of one picture."""
        ...

    def verify(self, names: Sequence[str], candidate: FrameFeatures, fetch: FrameFetch) -> NDArray[np.float64]:
        """A close look at one frame, shape (names,)."""
        ...


class LikenessScorer:
    """Judges by the cosine of existing concept vectors. Implements `TargetScorer`.

    It costs nothing, but likeness is no proof, so a search with it uses its whole budget.
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
    """Asks a vision-language model about each picture. Implements `TargetScorer`.

    QuoTA uses the probability of the model's "yes"; the port only returns text, so the model is asked
    for a number instead. An answer without a number counts as 0.
    """

    certain = 0.6

    def __init__(self, model: VisionLanguageModel) -> None:
        self._model = model

    def glance(
        self, names: Sequence[str], candidates: Sequence[FrameFeatures], fetch: FrameFetch
    ) -> NDArray[np.float64]:
        """See the protocol. One request per frame and name."""
        confidences = np.zeros((len(candidates), len(names)))
        for row, frame in enumerate(fetch([c.pts_s for c in candidates])):
            small = shrunk(frame, JUDGED_SIDE)
            confidences[row] = [self._sure(small, name) for name in names]
        return confidences

    def verify(self, names: Sequence[str], candidate: FrameFeatures, fetch: FrameFetch) -> NDArray[np.float64]:
        """See the protocol."""
        return np.asarray(self.glance(names, [candidate], fetch)[0])

    def _sure(self, frame: Frame, name: str) -> float:
        number = re.search(r"\d+", self._model.look([frame], _SURE.format(name=name)).text)
        return min(float(number.group()), 100.0) / 100.0 if number else 0.0


def shrunk(frame: Frame, side: int) -> Frame:
    """The frame, scaled down to at most `side` pixels on its longest side."""
    from PIL import Image

    height, width = frame.image.shape[:2]
    if max(height, width) <= side:
        return frame
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return Frame(frame.pts_s, np.asarray(Image.fromarray(frame.image).resize(size, Image.Resampling.BICUBIC)))
