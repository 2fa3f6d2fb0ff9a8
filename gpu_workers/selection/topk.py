"""The frames most similar to the question: fast, but blind to everything else in the video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.core.ports import FrameEmbedder, FrameFetch
from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import worth_showing
from gpu_workers.selection.vectors import relevance

if TYPE_CHECKING:
    from gpu_workers.registry import Workers


class TopKSelector:
    """Takes the nearest concept vectors; on a tie, the earlier frame. Implements `QueryFrameSelector`."""

    def __init__(self, embedder: FrameEmbedder) -> None:
        self._embedder = embedder

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TopKSelector:
        """With the process's frame embedder."""
        del settings
        return cls(workers.get("frame_embedder"))

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "top-k"

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """See the port."""
        del fetch
        usable = worth_showing(candidates)
        likeness = relevance(candidates, usable, self._embedder.embed_query(question)) if usable else np.zeros(0)
        best = np.argsort(-likeness, kind="stable")[: max(budget, 0)]
        return sorted(usable[place] for place in best)
