"""GenS (arXiv 2503.09146): a vision-language model scores which pictures matter.

The model sees a window of numbered pictures and writes JSON that maps numbers or ranges of numbers to a relevance
from 1 to 5, leaving out the irrelevant ones. Windows of at most 256 (published weights) or 128 pictures cover the whole
span; the paper's code does not join windows, so here the scores of all are ranked together.

The weights that were trained for it (`yaolily/GenS-qwen2d5-vl-3b`) get exactly the prompt they were trained with, and
nothing else. Any other vision-language model gets our own prompt: each window then has a clock of one picture a second,
so that "t=7.0s" is picture 7 of the window, and a number in the answer is a picture, never a time of the video.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import Field

from app.core.errors import MissingPart, ToolRefused
from app.core.ports import Chat, FrameFetch, VisionLanguageModel
from app.core.settings import Settings
from app.core.types import Frame, FrameFeatures, Message
from gpu_workers.selection.blank import evenly, worth_showing
from gpu_workers.selection.gens_scores import relevance_of
from gpu_workers.selection.pictures import JUDGED_SIDE, of_area, shrunk

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

WINDOW, PUBLISHED_WINDOW = 128, 256
"""Pictures shown at once: to any model, and to the published weights, which read them very small."""
MOST_WINDOWS = 64
"""The most windows per selection; more candidates are thinned evenly to limit the cost."""
LEAST_WINDOW = 4
"""A window that a model refuses is halved down to this many pictures."""
TRAINED = ("GenS-qwen2d5-vl-3b",)
"""Names of the weights that were trained for this."""
PUBLISHED_PIXELS = 112 * 112
"""Pixels of a picture for these weights."""
PUBLISHED_TOKENS = 256
"""Tokens of their answer."""
PUBLISHED_PROMPT = (
    "Please identify the video frames most relevant to the given question and provide \n"
    "              their timestamps in seconds along with a relevance score. The score should be on a \n"
    "              scale from 1 to 5, where higher scores indicate greater relevance. Return the output \n"
    '              strictly in the following JSON format: {"timestamp": score, ...}.'
)
"""Its line breaks and spaces are those of the published code, to the byte."""
_PROMPT = (
    "The pictures above are moments of one video, in order. Before each stands its number as a time: t=7.0s is "
    "number 7.\nQuestion: {question}\n"
    "Which pictures are needed to answer it? Give their numbers, single or as a range, each with its relevance from "
    '1 to 5, where 5 is the most relevant. Leave out all others. Write only JSON, such as {{"3": 4, "11-12": 5}}.'
)


class GenSSelector:
    """Implements `QueryFrameSelector`. Takes fewer frames than allowed if few matter, evenly spaced ones if none do."""

    def __init__(
        self,
        model: VisionLanguageModel,
        *,
        window: Annotated[int | None, Field(ge=2, le=1024, description="pictures shown at once")] = None,
        most_windows: Annotated[int, Field(ge=1, le=1024, description="windows at most")] = MOST_WINDOWS,
    ) -> None:
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
        trained = is_trained(self._model.model)
        size = self._window or (PUBLISHED_WINDOW if trained else WINDOW)
        shown = evenly(usable, size * self._most_windows)
        scores: dict[int, int] = {}
        waiting = [shown[start : start + size] for start in range(0, len(shown), size)][::-1]
        while waiting:
            window = waiting.pop()
            frames = list(fetch([candidates[index].pts_s for index in window]))
            try:
                if trained:
                    chat = cast("Chat", self._model)
                    text = chat.chat([published_message(question, frames)], max_output=PUBLISHED_TOKENS).text
                else:
                    clock = [Frame(float(n), shrunk(frame, JUDGED_SIDE).image) for n, frame in enumerate(frames)]
                    text = self._model.look(clock, _PROMPT.format(question=question)).text
            except ToolRefused:
                if len(window) <= LEAST_WINDOW:
                    raise
                half = len(window) // 2
                waiting += [window[half:], window[:half]]
                continue
            scores |= {window[number]: score for number, score in relevance_of(text, len(window)).items()}
        best = sorted(scores, key=lambda index: (-scores[index], index))[:budget]
        return sorted(best) or evenly(usable, budget)


def is_trained(model: str) -> bool:
    """Whether a model's name says that it has the published weights."""
    return any(part in TRAINED for part in re.split(r"[/@]", model))


def published_message(question: str, frames: Sequence[Frame]) -> Message:
    """What the published weights read: each picture after its number, the question, the task."""
    parts: list[str | Frame] = []
    for number, frame in enumerate(frames):
        parts += [f"[{number}]" if number == 0 else f"\n[{number}]", of_area(frame, PUBLISHED_PIXELS)]
    return Message("user", (*parts, f"\nQuestion: {question}\n{PUBLISHED_PROMPT}"))
