"""T* (arXiv 2504.02259): looks at a few frames, then at more where something was seen.

Every frame of the video has a score. Each round looks at grid x grid frames, sampled where the question's targets
(and, with half the weight, the cues near them) are likely; scores spread to neighbours in time and are smoothed by a
spline over all examined frames. The paper uses an open-vocabulary detector on frames laid out as cells of one picture;
here any `TargetScorer` will do. Of the paper's two final choices, this is the deterministic one: the frames with the
highest scores.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.ports import FrameFetch, VisionLanguageModel
from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import evenly, worth_showing
from gpu_workers.selection.detecting import DetectorScorer
from gpu_workers.selection.grounding import Sought, sought
from gpu_workers.selection.scoring import JUDGED_SIDE, LikenessScorer, TargetScorer, shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

CUE_WEIGHT = 0.5
"""The weight of a cue; a target has weight 1."""
REACH = 5
"""Neighbours on either side to which a score spreads."""
HOT = 75.0
"""The percentile above which chances count and scores spread."""
SMOOTHING = 0.5
"""The spline's largest sum of squared residuals."""
SHOWN_FIRST = 8
"""Evenly spaced frames shown to the model that names the targets."""


class TStarSelector:
    """Implements `QueryFrameSelector`.

    Looks at a `share` of the frames, at most `most`, in rounds of grid x grid. Without a model to name targets, the
    whole question is the target.
    """

    def __init__(
        self,
        scorer: TargetScorer,
        model: VisionLanguageModel | None = None,
        *,
        grid: int = 8,
        share: float = 0.5,
        most: int = 1000,
        seed: int = 0,
    ) -> None:
        self._scorer = scorer
        self._model = model
        self._grid = grid
        self._share = share
        self._most = most
        self._seed = seed

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers, **options: Any) -> TStarSelector:
        """Scores with the detector if there is one, else by likeness; a vision-language model names the targets."""
        del settings
        detector = workers.get("object_detector")
        scorer = DetectorScorer(detector) if detector is not None else LikenessScorer(workers.get("frame_embedder"))
        return cls(scorer, workers.get("vision_language_model"), **options)

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "tstar"

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """See the port."""
        usable = worth_showing(candidates)
        if budget <= 0 or len(usable) <= budget:
            return usable if budget > 0 else []
        slots = [candidates[index] for index in usable]
        search = _Search(len(slots), self._seed)
        self._run(search, self._named(question, slots, fetch), slots, fetch)
        return sorted(usable[slot] for slot in search.best(budget))

    def _named(self, question: str, slots: Sequence[FrameFeatures], fetch: FrameFetch) -> Sought:
        if self._model is None:
            return Sought((question,))
        times = [slots[place].pts_s for place in evenly(range(len(slots)), SHOWN_FIRST)]
        return sought(self._model, [shrunk(frame, JUDGED_SIDE) for frame in fetch(times)], question)

    def _run(self, search: _Search, named: Sought, slots: Sequence[FrameFeatures], fetch: FrameFetch) -> None:
        targets = list(named.targets)
        cells = self._grid**2
        left = min(self._most, max(cells, int(len(slots) * self._share)))
        while targets and left > 0:
            drawn = search.draw(min(cells, left))
            if not len(drawn):
                return
            left -= len(drawn)
            names = [*targets, *named.cues]
            weights = np.array([1.0] * len(targets) + [CUE_WEIGHT] * len(named.cues))
            confidences = self._scorer.glance(names, [slots[slot] for slot in drawn], fetch)
            search.record(drawn, (confidences * weights).max(axis=1))
            for slot, row in zip(drawn, confidences[:, : len(targets)], strict=True):
                if row.max() >= self._scorer.certain and targets:
                    self._verify(search, int(slot), targets, slots[slot], fetch)

    def _verify(
        self, search: _Search, slot: int, targets: list[str], candidate: FrameFeatures, fetch: FrameFetch
    ) -> None:
        """Looks closely at one frame, and stops searching for the targets that it shows."""
        sure = self._scorer.verify(targets, candidate, fetch)
        search.correct(slot, float(sure.max()))
        targets[:] = [name for name, s in zip(list(targets), sure, strict=True) if s < self._scorer.certain]


class _Search:
    """What is known about each slot so far."""

    def __init__(self, count: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._scores = np.full(count, 1e-6)
        self._seen = np.zeros(count, bool)
        self._chances = np.full(count, 1.0 / count)

    def draw(self, count: int) -> NDArray[np.intp]:
        """Unseen slots, ascending: evenly spaced at first, then sampled by their chances."""
        free = np.flatnonzero(~self._seen)
        if len(free) <= count:
            return free
        if not self._seen.any():
            return np.array(evenly(range(len(free)), count), np.intp)
        chances = self._chances[free] + count / len(self._seen)
        hot = np.where(chances >= np.percentile(chances, HOT), chances, 0.0)
        likely = hot if np.count_nonzero(hot) >= count else chances
        drawn = self._random.choice(free, count, replace=False, p=likely / likely.sum())
        return np.sort(drawn)

    def record(self, slots: NDArray[np.intp], confidences: NDArray[np.float64]) -> None:
        """Records the scores of a round and works out where to look next."""
        self._seen[slots] = True
        self._scores[slots] = np.maximum(confidences, 1e-6)
        for slot in slots[confidences >= np.percentile(confidences, HOT)]:
            for step in range(1, REACH + 1):
                for near in (slot - step, slot + step):
                    if 0 <= near < len(self._seen) and not self._seen[near]:
                        self._scores[near] = max(self._scores[near], self._scores[slot] / (step + 1))
        smooth = np.maximum(1.0 / len(self._seen), self._spline())
        chances = 1.0 / (1.0 + np.exp(-smooth))
        self._chances = chances / chances.sum()

    def correct(self, slot: int, confidence: float) -> None:
        """Replaces the score of a glance with that of a close look."""
        self._scores[slot] = max(confidence, 1e-6)

    def best(self, count: int) -> list[int]:
        """The slots with the highest scores, seen or guessed from their neighbours."""
        guessed = np.where(self._seen, self._scores, np.maximum(self._scores, self._spline()))
        return [int(slot) for slot in np.argsort(-guessed, kind="stable")[:count]]

    def _spline(self) -> NDArray[np.float64]:
        """A smooth curve through the seen scores, clipped to 0 and the highest score; zero for too few points."""
        from scipy.interpolate import UnivariateSpline  # type: ignore[import-untyped]

        seen = np.flatnonzero(self._seen)
        if len(seen) < 4:
            return np.zeros(len(self._seen))
        scores = self._scores[seen]
        with warnings.catch_warnings():
            # FITPACK warns if it cannot meet the tolerance; its nearest curve is good enough here.
            warnings.simplefilter("ignore")
            spline = UnivariateSpline(seen, scores, s=SMOOTHING)
        return np.asarray(np.clip(spline(np.arange(len(self._seen))), 0.0, float(scores.max())))
