"""GenS (arXiv 2503.09146): a vision-language model scores which pictures matter.

The model sees a window of numbered pictures and writes JSON that maps numbers or ranges of numbers to a relevance
from 1 to 5, leaving out the irrelevant ones. As in the paper, each window has its own clock of one picture a second:
"t=7.0s" is picture 7 of the window, so a number in the answer is a picture, never a time of the video. The published
weights (`yaolily/GenS`, `yaolily/GenS-qwen2d5-vl-3b`) or any other vision-language model will do. The paper's code
does not join windows; here, the scores of all windows are ranked together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart
from app.core.ports import FrameFetch, VisionLanguageModel
from app.core.settings import Settings
from app.core.types import Frame, FrameFeatures
from gpu_workers.selection.blank import evenly, worth_showing
from gpu_workers.selection.scoring import JUDGED_SIDE, shrunk

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

WINDOW = 128
"""Pictures shown at once: the paper uses 256 for its largest model and half of that for smaller ones."""
MOST_WINDOWS = 32
"""The most windows per selection; more candidates are thinned evenly to limit the cost."""
BEST = 5
_PROMPT = (
    "The pictures above are moments of one video, in order. Before each stands its number as a time: t=7.0s is "
    "number 7.\nQuestion: {question}\n"
    "Which pictures are needed to answer it? Give their numbers, single or as a range, each with its relevance from "
    '1 to 5, where 5 is the most relevant. Leave out all others. Write only JSON, such as {{"3": 4, "11-12": 5}}.'
)
_PAIR = re.compile(r"[\"']?(\d+(?:\.\d+)?)s?(?:\s*[-\u2013]\s*(\d+(?:\.\d+)?)s?)?[\"']?\s*:\s*[\"']?([0-5])\b")


class GenSSelector:
    """Implements `QueryFrameSelector`. Takes fewer frames than allowed if few matter, evenly spaced ones if none do."""

    def __init__(self, model: VisionLanguageModel, *, window: int = WINDOW, most_windows: int = MOST_WINDOWS) -> None:
        self._model = model
        self._window = window
        self._most_windows = most_windows

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers, **options: Any) -> GenSSelector:
        """With the process's vision-language model. Raises MissingPart if there is none."""
        del settings
        model = workers.get("vision_language_model")
        if model is None:
            raise MissingPart(
                "The frame selection gens needs a vision-language model.",
                "Set LONGREEL_MODELS__VISION_LANGUAGE_MODEL, or choose LONGREEL_MODELS__QUERY_FRAME_SELECTOR=hybrid.",
            )
        return cls(model, **options)

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "gens"

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """See the port."""
        usable = worth_showing(candidates)
        if budget <= 0 or len(usable) <= budget:
            return usable if budget > 0 else []
        shown = evenly(usable, self._window * self._most_windows)
        scores: dict[int, int] = {}
        for start in range(0, len(shown), self._window):
            window = shown[start : start + self._window]
            for number, score in self._judged(question, [candidates[index].pts_s for index in window], fetch).items():
                scores[window[number]] = score
        best = sorted(scores, key=lambda index: (-scores[index], index))[:budget]
        return sorted(best) or evenly(usable, budget)

    def _judged(self, question: str, times_s: list[float], fetch: FrameFetch) -> dict[int, int]:
        clock = [Frame(float(number), shrunk(frame, JUDGED_SIDE).image) for number, frame in enumerate(fetch(times_s))]
        return relevance_of(self._model.look(clock, _PROMPT.format(question=question)).text, len(times_s))


def relevance_of(text: str, count: int) -> dict[int, int]:
    """Scores from 1 to 5 by picture number, parsed from a model's text about pictures 0 to count - 1.

    Ranges are expanded, even those that run backwards; unknown numbers are dropped; of several scores, the highest
    counts. Complete pairs are found anywhere in the text, so JSON that is cut off or wrapped in words loses only its
    last, unfinished pair.
    """
    scores: dict[int, int] = {}
    for first, last, score in _PAIR.findall(text):
        ends = sorted((int(float(first)), int(float(last or first))))
        for number in range(ends[0], min(ends[1], count - 1) + 1):
            scores[number] = max(scores.get(number, 0), min(int(score), BEST))
    return {number: score for number, score in scores.items() if score > 0}
