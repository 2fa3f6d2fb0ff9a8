"""AKS (arXiv 2502.21271): the video is halved until a part has clear peaks, and each part gives its best frames.

Frames are scored by their likeness to the question, scaled to 0 to 1. A part whose best frames stand far above its mean
is left whole; any other is halved, at most `depth` times. A part that was halved k times gives budget / 2^k frames. The
paper scores with BLIP's image-text matching or with CLIP; here the vectors of the frame embedder are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.ports import FrameEmbedder, FrameFetch
from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import worth_showing
from gpu_workers.selection.vectors import relevance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

CLEAR = 0.8
"""How far the mean of a part's best frames must be above the mean of the part (the paper's t1)."""
DEPTH = 5
"""How often a part is halved, at most."""


class AKSSelector:
    """Implements `QueryFrameSelector`."""

    def __init__(self, embedder: FrameEmbedder, *, clear: float = CLEAR, depth: int = DEPTH) -> None:
        self._embedder = embedder
        self._clear = clear
        self._depth = depth

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers, **options: Any) -> AKSSelector:
        """With the process's frame embedder."""
        del settings
        return cls(workers.get("frame_embedder"), **options)

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "aks"

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """See the port. Takes fewer frames than allowed if the budget cannot be halved evenly."""
        del fetch
        usable = worth_showing(candidates)
        if budget <= 0 or len(usable) <= budget:
            return usable if budget > 0 else []
        scores = relevance(candidates, usable, self._embedder.embed_query(question))
        scores -= scores.min()
        scores /= max(float(scores.max()), 1e-12)
        # A part must be left with a frame: a budget of 8 can be halved three times.
        places = best_of_parts(scores, budget, clear=self._clear, depth=min(self._depth, budget.bit_length() - 1))
        return sorted(usable[place] for place in places)


def best_of_parts(scores: NDArray[np.float64], budget: int, *, clear: float, depth: int) -> list[int]:
    """Places of the highest scores of each part, at most `budget` in all."""
    chosen: list[int] = []
    waiting = [(0, len(scores), 0)]
    while waiting:
        first, last, halved = waiting.pop()
        ranked = first + np.argsort(-scores[first:last], kind="stable")
        above = scores[ranked[:budget]].mean() - scores[first:last].mean()
        if above > clear or halved == depth or last - first < 2:
            chosen += ranked[: budget >> halved].tolist()
        else:
            middle = first + (last - first) // 2
            waiting += [(first, middle, halved + 1), (middle, last, halved + 1)]
    return chosen
