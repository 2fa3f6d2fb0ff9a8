"""Selects frames that differ from those around them: the first step of LongVU (arXiv 2410.17434, section 3.1).

In windows of 16 frames, a frame stays if its mean cosine to the others is below 0.83; the window's middle frame
always stays. The paper uses DINOv2 vectors of frames at 1 frame/s; here any vectors will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import evenly, worth_showing

WINDOW = 16
LIKE = 0.83
"""Mean cosine above which a frame repeats its window."""


class SimilaritySelector:
    """Implements `FrameSelector`. The frames left after pruning are thinned evenly to the budget."""

    def __init__(
        self,
        window: Annotated[int, Field(ge=2, le=1024, description="frames around one to compare it with")] = WINDOW,
        like: Annotated[float, Field(gt=0, le=1, description="mean cosine from which a frame repeats others")] = LIKE,
    ) -> None:
        self._window = window
        self._like = like

    @classmethod
    def from_settings(cls, settings: Settings, workers: Any, **options: Any) -> SimilaritySelector:
        """With the paper's values, unless given as options."""
        del settings, workers
        return cls(**options)

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "similar"

    def select(self, candidates: Sequence[FrameFeatures], budget: int) -> list[int]:
        """See the port."""
        usable = worth_showing(candidates)
        distinct: list[int] = []
        for start in range(0, len(usable), self._window):
            window = usable[start : start + self._window]
            vectors = np.stack([candidates[index].vector for index in window]).astype(np.float64)
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
            total = (vectors @ vectors.T).sum(axis=1) - (vectors * vectors).sum(axis=1)
            is_new = total / max(len(window) - 1, 1) < self._like
            is_new[len(window) // 2] = True
            distinct += [index for index, stays in zip(window, is_new, strict=True) if stays]
        return evenly(distinct, budget)
