"""QuoTA (arXiv 2503.08689): pictures share a token budget by how likely each is relevant to the question.

First, the question becomes a list of things to look for. Then evenly spaced frames are judged one by one, and the
square of a frame's probability is its share. Frames without a share are left out. `token_budget` turns the budget into
frame sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.ports import FrameFetch, VisionLanguageModel
from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import evenly, worth_showing
from gpu_workers.selection.grounding import sought
from gpu_workers.selection.scoring import LikenessScorer, LookingScorer, TargetScorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

JUDGED = 96
"""Frames judged in a short video."""
MORE_AN_HOUR = 64
TOKENS_A_FRAME = 196
"""Tokens in the budget for each frame that may be chosen."""


@dataclass(frozen=True, slots=True)
class FrameShare:
    """One chosen frame and its tokens."""

    index: int
    tokens: int


class QuotaSelector:
    """Implements `QueryFrameSelector`; `allot` also returns each frame's tokens."""

    def __init__(self, scorer: TargetScorer, model: VisionLanguageModel | None = None, *, judged: int = JUDGED) -> None:
        self._scorer = scorer
        self._model = model
        self._judged = judged

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers, **options: Any) -> QuotaSelector:
        """Judges by the vision-language model if there is one, else by likeness to the question."""
        del settings
        model = workers.get("vision_language_model")
        scorer = LikenessScorer(workers.get("frame_embedder")) if model is None else LookingScorer(model)
        return cls(scorer, model, **options)

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "quota"

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """See the port."""
        return [share.index for share in self.allot(question, candidates, budget, fetch=fetch)]

    def allot(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[FrameShare]:
        """At most `budget` frames in time order that share budget x TOKENS_A_FRAME tokens; none with zero tokens."""
        usable = worth_showing(candidates)
        if budget <= 0 or not usable:
            return []
        length_s = candidates[usable[-1]].pts_s - candidates[usable[0]].pts_s
        judged = evenly(usable, max(budget, self._judged + int(length_s / 3600 * MORE_AN_HOUR)))
        names = (question,) if self._model is None else sought(self._model, (), question).targets
        sure = self._scorer.glance(names, [candidates[index] for index in judged], fetch).max(axis=1)
        best = np.sort(np.argsort(-sure, kind="stable")[:budget])
        shares = tokens_by_probability(sure[best], budget * TOKENS_A_FRAME)
        return [FrameShare(judged[place], int(n)) for place, n in zip(best, shares, strict=True) if n > 0]


def tokens_by_probability(probabilities: NDArray[np.float64], total: int) -> NDArray[np.intp]:
    """Shares a token budget by squared probabilities, rounded down; evenly if all are zero."""
    weights = np.square(probabilities)
    if not weights.any():
        weights = np.ones(len(probabilities))
    return np.asarray(total * (weights / weights.sum()), dtype=np.intp)
