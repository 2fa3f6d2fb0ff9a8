"""Relevance to the question times variety: Longreel's own method, and the default.

Each frame is a row: its direction says what it looks like, its length how similar it is to the question. As in
MaxInfo (arXiv 2502.03183), the rows that span the greatest volume are chosen, one by one, but without its reduction
to a few directions, which would hide short scenes. A frame similar to one already chosen adds no volume, however
relevant it is; a frame unrelated to the question adds little, however new it is. Each step picks the row with the
longest remainder after all chosen rows are projected out. These are the pivots of a Cholesky factorisation, and also
the greedy choice of a determinantal point process (Chen, Zhang and Zhou, arXiv 1709.05135).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from app.core.ports import FrameEmbedder
from app.core.types import FrameFeatures
from gpu_workers.selection.vector_selector import VectorSelector
from gpu_workers.selection.vectors import sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

EMPHASIS = 0.5
"""A row's length grows by e to this power for each standard deviation of likeness to the question.

Between 0.3 and 0.75, synthetic needles and questions about real videos show no clear difference."""
FAINTEST = 5.0
"""Frames more than this many standard deviations below the best all count the same."""
NOTHING_LEFT = 1e-3
"""A remainder below this share of the longest row is rounding error: the frame repeats chosen ones."""


class HybridSelector(VectorSelector):
    """Takes fewer frames than allowed if the rest would only repeat them. Uses 4 x (128 + budget) bytes per frame."""

    name = "hybrid"

    def __init__(
        self,
        embedder: FrameEmbedder,
        emphasis: Annotated[float, Field(ge=0, le=5, description="weight of the question against variety")] = EMPHASIS,
    ) -> None:
        super().__init__(embedder)
        self._emphasis = emphasis

    def _choose(
        self,
        candidates: Sequence[FrameFeatures],
        usable: Sequence[int],
        likeness: NDArray[np.float64],
        budget: int,
    ) -> Sequence[int]:
        rows = sketch(candidates, usable)
        spread = float(likeness.std())
        if spread > 0:
            behind = np.maximum((likeness - likeness.max()) / spread, -FAINTEST)
            rows *= np.exp(self._emphasis * behind).astype(np.float32)[:, None]
        return greatest_volume(rows, budget)


def greatest_volume(rows: NDArray[np.float32], count: int) -> list[int]:
    """At most `count` rows in the order chosen, each with the longest remainder after the ones before it.

    `rows` is (n, d) with n >= 1. Returns the first row even if all are zero.
    """
    left = np.einsum("nd,nd->n", rows, rows, dtype=np.float64)
    least = NOTHING_LEFT**2 * float(left.max())
    taken: list[int] = []
    factor = np.zeros((len(rows), count), np.float32)
    while len(taken) < count:
        best = int(left.argmax())
        if taken and left[best] <= least:
            break
        step = len(taken)
        overlap = rows @ rows[best] - factor[:, :step] @ factor[best, :step]
        factor[:, step] = overlap / max(left[best], 1e-30) ** 0.5
        left -= np.square(factor[:, step], dtype=np.float64)
        taken.append(best)
        left[taken] = -np.inf
    return taken
