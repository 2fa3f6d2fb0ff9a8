"""The base of the methods that compare frames with a question by vectors alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from app.core.ports import FrameEmbedder, FrameFetch
from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import worth_showing
from gpu_workers.selection.vectors import one_thread, relevance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers


class VectorSelector(ABC):
    """Implements `QueryFrameSelector`; a method says only which of the usable frames it chooses."""

    name: ClassVar[str]
    """The method's name in settings."""

    def __init__(self, embedder: FrameEmbedder) -> None:
        self._embedder = embedder

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers, **options: Any) -> Self:
        """With the process's frame embedder."""
        del settings
        return cls(workers.get("frame_embedder"), **options)

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """See the port. May take fewer frames than the budget allows."""
        del fetch
        usable = worth_showing(candidates)
        if budget <= 0 or len(usable) <= budget:
            return usable if budget > 0 else []
        query = self._embedder.embed_query(question)
        with one_thread():
            places = self._choose(candidates, usable, relevance(candidates, usable, query), budget)
        return sorted(usable[place] for place in places)

    @abstractmethod
    def _choose(
        self,
        candidates: Sequence[FrameFeatures],
        usable: Sequence[int],
        likeness: NDArray[np.float64],
        budget: int,
    ) -> Sequence[int]:
        """Places in `usable`, at most `budget`; there are more usable frames than that.

        `likeness` is that of each usable frame to the question.
        """
