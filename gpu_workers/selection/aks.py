"""AKS (arXiv 2502.21271): the video is halved until a part has clear peaks, and each part gives its best frames.

Frames are scored by their likeness to the question, scaled to 0 to 1. A part whose best frames stand far above its mean
is left whole; any other is halved, at most `depth` times. A part that was halved k times gives budget / 2^k frames. The
paper scores with BLIP's image-text matching or with CLIP; here the vectors of the frame embedder are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from app.core.ports import FrameEmbedder
from app.core.types import FrameFeatures
from gpu_workers.selection.vector_selector import VectorSelector

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLEAR = 0.8
"""How far the mean of a part's best frames must be above the mean of the part (the paper's t1)."""
DEPTH = 5
"""How often a part is halved, at most."""


class AKSSelector(VectorSelector):
    """Takes fewer frames than allowed if the budget cannot be halved evenly."""

    name = "aks"

    def __init__(
        self,
        embedder: FrameEmbedder,
        *,
        clear: Annotated[
            float,
            Field(ge=0, le=1, description="how far a part's best frames must stand above its mean to leave it whole"),
        ] = CLEAR,
        depth: Annotated[int, Field(ge=0, le=16, description="how often a part is halved, at most")] = DEPTH,
    ) -> None:
        super().__init__(embedder)
        self._clear = clear
        self._depth = depth

    def _choose(
        self,
        candidates: Sequence[FrameFeatures],
        usable: Sequence[int],
        likeness: NDArray[np.float64],
        budget: int,
    ) -> Sequence[int]:
        del candidates, usable
        scores = likeness - likeness.min()
        scores /= max(float(scores.max()), 1e-12)
        # A part must be left with a frame: a budget of 8 can be halved three times.
        return best_of_parts(scores, budget, clear=self._clear, depth=min(self._depth, budget.bit_length() - 1))


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
