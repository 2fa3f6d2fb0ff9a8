"""Relevance to the question times variety: Longreel's own method, and the one used unless settings say otherwise.

Each frame is a row: its direction is what it looks like, its length how much it is like the question. The rows that
span the greatest volume are taken, one by one, as in MaxInfo (arXiv 2502.03183), but without its reduction to few
directions, which would hide short scenes. A frame like one already taken adds no volume, however relevant it is; a
frame unlike the question adds little, however new it is. In each step the best row is the one with the longest
remainder after all taken rows are projected out: the pivots of a Cholesky factorisation, which is also the greedy
choice of a determinantal point process (Chen, Zhang and Zhou, arXiv 1709.05135).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.ports import FrameEmbedder, FrameFetch
from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import worth_showing
from gpu_workers.selection.vectors import one_thread, relevance, sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

EMPHASIS = 0.5
"""A frame is longer by this power of e for each standard deviation by which it is more like the question.

Between 0.3 and 0.75 made-up needles and questions about real videos show no clear difference."""
FAINTEST = 5.0
"""Frames less like the question than the best by more than this many standard deviations count alike."""
NOTHING_LEFT = 1e-3
"""A remainder shorter than this share of the longest row is rounding: the frame repeats those taken."""


class HybridSelector:
    """Plays `QueryFrameSelector`. Memory is 4 x (128 + budget) bytes a frame."""

    def __init__(self, embedder: FrameEmbedder, emphasis: float = EMPHASIS) -> None:
        self._embedder = embedder
        self._emphasis = emphasis

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers, **options: Any) -> HybridSelector:
        """Compares with the frame embedder of the same process."""
        del settings
        return cls(workers.get("frame_embedder"), **options)

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "hybrid"

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """See the port. Takes fewer frames than allowed where the others repeat them."""
        del fetch
        usable = worth_showing(candidates)
        if budget <= 0 or len(usable) <= budget:
            return usable if budget > 0 else []
        with one_thread():
            likeness = relevance(candidates, usable, self._embedder.embed_query(question))
            rows = sketch(candidates, usable)
            rows *= _lengths(likeness, self._emphasis).astype(np.float32)[:, None]
            return sorted(usable[place] for place in greatest_volume(rows, budget))


def greatest_volume(rows: NDArray[np.float32], count: int) -> list[int]:
    """At most `count` rows, in the order taken, each the one with the longest remainder besides those before it.

    `rows` is (n, d) with n >= 1. The first row comes back even when all are zero.
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


def _lengths(likeness: NDArray[np.float64], emphasis: float) -> NDArray[np.float64]:
    spread = float(likeness.std())
    if spread <= 0:
        return np.ones(len(likeness))
    behind = np.maximum((likeness - likeness.max()) / spread, -FAINTEST)
    return np.asarray(np.exp(emphasis * behind))
