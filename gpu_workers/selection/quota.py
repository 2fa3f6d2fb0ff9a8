"""QuoTA (arXiv 2503.08689): pictures share a token budget by how likely each is relevant to the question.

First, the question becomes a list of things to look for. Then evenly spaced frames are judged one by one, several at a
time: a frame's relevance is the probability that the model's answer to "does it show any of these?" begins with "A",
for yes. The square of that probability is the frame's share of the tokens. Frames without a share are left out.
`token_budget` turns shares into the sizes of frames.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import numpy as np
from pydantic import Field

from app.core.errors import MissingPart
from app.core.ports import FrameFetch, VisionLanguageModel
from app.core.settings import Settings
from app.core.types import Frame, FrameFeatures
from gpu_workers.selection.blank import evenly, worth_showing
from gpu_workers.selection.grounding import names_in
from gpu_workers.selection.pictures import JUDGED_SIDE, shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

JUDGED = 96
"""Frames judged in a short video."""
MORE_AN_HOUR = 64
TOKENS_A_FRAME = 196
"""Tokens in the budget for each frame that may be chosen."""
JUDGED_TOGETHER = 64
"""Frames that are decoded and judged at a time."""
YES = "A"
_NEEDS_THINGS = (
    "A video is searched for the moments that answer this question: {question}\n"
    "Does finding them require looking for certain objects in its pictures? Answer yes or no."
)
_NAME_THINGS = (
    "A video is searched for the moments that answer this question: {question}\n"
    "List the physical objects to look for in its pictures, separated by commas, and nothing else."
)
_SHOWS_THINGS = (
    "Does the image contain any object of: {things}?\nA. yes\nB. no\nAnswer with the option's letter from the choices."
)
_SHOWS_ENOUGH = (
    "Does the image contain enough information to answer this question: {question}\n"
    "A. yes\nB. no\nAnswer with the option's letter from the choices."
)


class JudgesFrames(VisionLanguageModel, Protocol):
    """A vision-language model that says how probable an answer is."""

    def first_token_probability(self, frames: Sequence[Frame], question: str, token: str) -> NDArray[np.float64]:
        """For each frame alone, how probable it is that the answer begins with `token`, shape (frames,).

        Works on several frames at once. Raises ToolRefused if the model gives no probabilities.
        """
        ...


@dataclass(frozen=True, slots=True)
class FrameShare:
    """One chosen frame and its tokens."""

    index: int
    tokens: int


class QuotaSelector:
    """Implements `QueryFrameSelector`; `allot` also returns each frame's tokens."""

    def __init__(
        self,
        model: JudgesFrames,
        *,
        judged: Annotated[int, Field(ge=1, le=4096, description="frames to judge in a short video")] = JUDGED,
    ) -> None:
        self._model = model
        self._judged = judged

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers, **options: Any) -> QuotaSelector:
        """With the process's vision-language model. Raises MissingPart if there is none that gives probabilities."""
        del settings
        model = workers.get("vision_language_model")
        if not hasattr(model, "first_token_probability"):
            raise MissingPart(
                "The frame selection quota needs a vision-language model that gives probabilities.",
                "Set LONGREEL_MODELS__VISION_LANGUAGE_MODEL to transformers or openai, or choose "
                "LONGREEL_MODELS__QUERY_FRAME_SELECTOR=hybrid.",
            )
        return cls(model, **options)

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
        prompt = relevance_question(self._model, question)
        parts = [judged[start : start + JUDGED_TOGETHER] for start in range(0, len(judged), JUDGED_TOGETHER)]
        sure = np.concatenate(
            [
                self._model.first_token_probability(
                    [shrunk(frame, JUDGED_SIDE) for frame in fetch([candidates[index].pts_s for index in part])],
                    prompt,
                    YES,
                )
                for part in parts
            ]
        )
        best = np.sort(np.argsort(-sure, kind="stable")[:budget])
        shares = tokens_by_probability(sure[best], budget * TOKENS_A_FRAME)
        return [FrameShare(judged[place], int(n)) for place, n in zip(best, shares, strict=True) if n > 0]


def relevance_question(model: VisionLanguageModel, question: str) -> str:
    """What to ask of each frame, with the things to look for if the model names any. Without pictures, two requests."""
    needs_things = model.look((), _NEEDS_THINGS.format(question=question)).text
    things: tuple[str, ...] = ()
    if re.match(r"\W*yes", needs_things, re.IGNORECASE):
        things = names_in(model.look((), _NAME_THINGS.format(question=question)).text)
    return _SHOWS_THINGS.format(things=", ".join(things)) if things else _SHOWS_ENOUGH.format(question=question)


def tokens_by_probability(probabilities: NDArray[np.float64], total: int) -> NDArray[np.intp]:
    """Shares a token budget by squared probabilities, rounded down; evenly if all are zero."""
    weights = np.square(probabilities)
    if not weights.any():
        weights = np.ones(len(probabilities))
    return np.asarray(total * (weights / weights.sum()), dtype=np.intp)
