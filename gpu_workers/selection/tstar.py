"""T* (arXiv 2504.02259): looks at a few seconds of a video, then at more where something was seen.

Every second has a score. Each round lays grid x grid seconds out as cells of one picture, in which an open-vocabulary
detector looks for the question's targets (and, with half the weight, for the cues near them). Scores spread to
neighbours in time, and a spline through all examined seconds says where to look next. A second whose cell shows a
target, however faintly, is looked at alone; once all targets are certain, the search ends. Of the paper's two final
choices (drawn by score, or the highest of the spline) this takes the first without the chance: the highest scores.
"""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from app.core.errors import MissingPart
from app.core.ports import FrameFetch, VisionLanguageModel
from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import evenly, worth_showing
from gpu_workers.selection.detecting import DetectorScorer, TargetScorer
from gpu_workers.selection.grounding import Sought, sought
from gpu_workers.selection.pictures import JUDGED_SIDE, shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

CUE_WEIGHT = 0.5
"""The weight of a cue; a target has weight 1."""
CERTAIN = 0.6
"""The confidence of a close look from which a target counts as found."""
REACH = 5
"""Neighbours on either side to which a score spreads."""
HOT = 75.0
"""The percentile from which chances count and scores spread."""
SMOOTHING = 0.5
"""The spline's largest sum of squared residuals."""
NEVER_SEEN = 1e-6
"""The score of a second of which nothing is known."""
SHOWN_FIRST = 8
"""Evenly spaced frames shown to the model that names the targets."""
NEEDS = "Set LONGREEL_MODELS__OBJECT_DETECTOR=transformers, or choose LONGREEL_MODELS__QUERY_FRAME_SELECTOR=hybrid."


class TStarSelector:
    """Implements `QueryFrameSelector`.

    Looks at a `share` of the seconds, at most `most`, in rounds of grid x grid, until every target has been seen with
    a confidence of `certain`. Without a model to name targets, the whole question is the target.
    """

    def __init__(
        self,
        scorer: TargetScorer,
        model: VisionLanguageModel | None = None,
        *,
        grid: Annotated[
            int, Field(ge=2, le=16, description="the side of the grid of frames to look at in a round")
        ] = 4,
        share: Annotated[float, Field(gt=0, le=1, description="share of the frames to look at")] = 0.5,
        most: Annotated[int, Field(ge=4, le=10_000, description="frames to look at, at most")] = 1000,
        certain: Annotated[
            float, Field(gt=0, le=1, description="confidence from which a target counts as found")
        ] = CERTAIN,
        seed: Annotated[int, Field(ge=0, le=2**31, description="random seed; the same one gives the same frames")] = 0,
    ) -> None:
        self._scorer = scorer
        self._model = model
        self._grid = grid
        self._share = share
        self._most = most
        self._certain = certain
        self._seed = seed

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers, **options: Any) -> TStarSelector:
        """With the process's detector, which must find anything by name, and vision-language model. Raises MissingPart
        if there is no such detector."""
        del settings
        detector = workers.get("object_detector")
        if detector is None or detector.classes:
            raise MissingPart("The frame selection tstar needs a detector that finds anything by its name.", NEEDS)
        return cls(DetectorScorer(detector), workers.get("vision_language_model"), **options)

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
        times_s = [candidates[index].pts_s for index in usable]
        seconds = [times_s[0] + number for number in range(int(times_s[-1] - times_s[0]) + 1)]
        shown = [usable[bisect_right(times_s, second + 0.5) - 1] for second in seconds]
        slots = [
            replace(candidates[index], pts_s=max(second, candidates[index].pts_s))
            for second, index in zip(seconds, shown, strict=True)
        ]
        named = Sought((question,))
        if self._model is not None:
            first_s = [slots[place].pts_s for place in evenly(range(len(slots)), SHOWN_FIRST)]
            named = sought(self._model, [shrunk(frame, JUDGED_SIDE) for frame in fetch(first_s)], question)
        search = SlotSearch(len(slots), self._seed)
        self._run(search, named, slots, fetch)
        ranked = dict.fromkeys(shown[slot] for slot in search.ranked())
        return sorted(list(ranked)[:budget])

    def _run(self, search: SlotSearch, named: Sought, slots: Sequence[FrameFeatures], fetch: FrameFetch) -> None:
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
            for slot, row in zip(drawn, confidences, strict=True):
                if any(sure > 0 and name in targets for sure, name in zip(row, names, strict=True)):
                    scores = self._scorer.verify(targets, slots[slot], fetch)
                    search.correct(int(slot), float(scores.max()))
                    targets = [name for name, sure in zip(targets, scores, strict=True) if sure < self._certain]


class SlotSearch:
    """What is known about each second so far."""

    def __init__(self, count: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._scores = np.full(count, NEVER_SEEN)
        self._seen = np.zeros(count, bool)
        self._chances = np.full(count, 1.0 / count)

    def draw(self, count: int) -> NDArray[np.intp]:
        """Unseen seconds, ascending: evenly spaced at first, then sampled by their chances."""
        total = len(self._seen)
        if total - int(self._seen.sum()) <= count:
            return np.flatnonzero(~self._seen)
        if not self._seen.any():
            return np.array(evenly(range(total), count), np.intp)
        chances = (self._chances + count / total) * ~self._seen
        hot = np.where(chances >= np.percentile(chances, HOT), chances, 0.0)
        likely = hot if np.count_nonzero(hot) >= count else chances
        return np.sort(self._random.choice(total, count, replace=False, p=likely / likely.sum()))

    def record(self, slots: NDArray[np.intp], confidences: NDArray[np.float64]) -> None:
        """Records the scores of a round and works out where to look next: by a smooth curve through the scores of the
        seconds that were seen."""
        from scipy.interpolate import UnivariateSpline  # type: ignore[import-untyped]

        self._seen[slots] = True
        self._scores[slots] = np.maximum(confidences, NEVER_SEEN)
        for slot in slots[confidences >= np.percentile(confidences, HOT)]:
            for near in range(max(0, slot - REACH), min(len(self._seen), slot + REACH + 1)):
                self._scores[near] = max(self._scores[near], self._scores[slot] / (abs(near - slot) + 1))
        smooth, seen = np.zeros(len(self._seen)), np.flatnonzero(self._seen)
        if len(seen) >= 4:
            with warnings.catch_warnings():
                # FITPACK warns if it cannot meet the tolerance; its nearest curve is good enough here.
                warnings.simplefilter("ignore")
                spline = UnivariateSpline(seen, self._scores[seen], s=SMOOTHING)
            smooth = np.asarray(spline(np.arange(len(self._seen))))
        chances = 1.0 / (1.0 + np.exp(-np.maximum(1.0 / len(self._seen), smooth)))
        self._chances = chances / chances.sum()

    def correct(self, slot: int, confidence: float) -> None:
        """Replaces the score of a glance with that of a close look."""
        self._scores[slot] = max(confidence, NEVER_SEEN)

    def ranked(self) -> list[int]:
        """All seconds, those with the highest scores first."""
        return [int(slot) for slot in np.argsort(-self._scores, kind="stable")]
