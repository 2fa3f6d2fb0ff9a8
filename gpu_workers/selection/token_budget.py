"""QuoTA's budget in pixels (arXiv 2503.08689): the more likely a frame is relevant, the larger the model sees it.

The relevance is that of `quota`: the probability of the answer "A". The paper resizes feature maps inside the model.
For a model that cuts pictures of any size into squares, one token each, smaller pictures do the same. Two things differ
from the paper: no frame becomes smaller than the model's minimum, so none is lost, and tokens that a full-size frame
cannot use go to the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from app.core.errors import BadSettings
from app.core.ports import VisionLanguageModel
from app.core.settings import Settings
from app.core.types import Completion, Frame
from gpu_workers.selection.quota import YES, JudgesFrames, relevance_question

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

NEXT_TO_NOTHING = 1e-6
"""The weight of a frame without its own, as a share of the greatest weight."""


@dataclass(frozen=True, slots=True)
class TokenGrid:
    """How a model cuts pictures: each square of `side` pixels is one token; a picture has at least `least` pixels."""

    side: int
    least: int = 0

    def fewest(self, frame: Frame) -> tuple[int, int]:
        """Rows and columns of the smallest version of a frame that the model does not enlarge."""
        height, width = frame.image.shape[:2]
        scale = math.sqrt(self.least / (height * width)) / self.side
        return max(1, math.ceil(height * scale)), max(1, math.ceil(width * scale))

    def whole(self, frame: Frame) -> tuple[int, int]:
        """Rows and columns of a frame at full size."""
        height, width = frame.image.shape[:2]
        rows, columns = self.fewest(frame)
        return max(rows, round(height / self.side)), max(columns, round(width / self.side))


class TakesAnySize(JudgesFrames, Protocol):
    """A vision-language model for which larger pictures become more tokens."""

    def token_grid(self) -> TokenGrid | None:
        """How it cuts pictures; None if all become equally many tokens. Loads the model."""
        ...


class SizedLooking:
    """Implements `VisionLanguageModel`: shares `budget` tokens among the frames before a model sees them."""

    def __init__(self, model: TakesAnySize, budget: int) -> None:
        self._looks = model
        self._budget = budget

    @property
    def model(self) -> str:
        """Name and version, with the budget."""
        return f"{self._looks.model}/quota-{self._budget}"

    def look(self, frames: Sequence[Frame], question: str, stop: Callable[[], bool] | None = None) -> Completion:
        """See the port. Raises BadSettings for a model to which all pictures are equally many tokens."""
        return self._looks.look(self.sized(frames, question) if frames else frames, question, stop)

    def sized(self, frames: Sequence[Frame], question: str) -> list[Frame]:
        """The frames, some scaled down so that they take at most `budget` tokens, if possible."""
        grid = self._looks.token_grid()
        if grid is None:
            raise _all_alike(self._looks)
        prompt = relevance_question(self._looks, question)
        sure = self._looks.first_token_probability(frames, prompt, YES)
        fewest = np.array([math.prod(grid.fewest(frame)) for frame in frames])
        room = np.array([math.prod(grid.whole(frame)) for frame in frames]) - fewest
        shares = fewest + shared(np.square(sure), self._budget - int(fewest.sum()), room)
        return [resized(frame, int(tokens), grid) for frame, tokens in zip(frames, shares, strict=True)]


def looking(settings: Settings, workers: Workers) -> VisionLanguageModel | None:
    """The vision-language model that agents use. Raises BadSettings for a budget that cannot be met."""
    model: VisionLanguageModel | None = workers.get("vision_language_model")
    if model is None or not settings.vision.quota:
        return model
    if settings.vision.time_tokens or settings.vlm_presentation != "interleaved":
        raise BadSettings(
            "Frames of different sizes cannot be shown as one video or in one picture.",
            "Unset LONGREEL_VISION__QUOTA, or LONGREEL_VISION__TIME_TOKENS and LONGREEL_VLM_PRESENTATION.",
        )
    # A stand-in (see `cluster`) has the methods of its model, but isinstance does not see them from Python 3.12 on.
    if not hasattr(model, "token_grid"):
        raise _all_alike(model)
    return SizedLooking(cast("TakesAnySize", model), settings.vision.quota)


def _all_alike(model: VisionLanguageModel) -> BadSettings:
    return BadSettings(
        f"Frames cannot be sized for {model.model}.",
        "Unset LONGREEL_VISION__QUOTA, or look with Qwen2.5-VL or Qwen3-VL through transformers.",
    )


def shared(weights: NDArray[np.float64], total: int, room: NDArray[np.intp]) -> NDArray[np.intp]:
    """Shares tokens by weight, rounded down, at most `room` each; the excess goes to the others.

    Those with zero weight get what the others leave; if all weights are zero, all count the same.
    """
    weights = np.maximum(weights, weights.max() * NEXT_TO_NOTHING) if weights.any() else np.ones(len(weights))
    shares = np.zeros(len(weights))
    hungry = np.ones(len(weights), bool)
    left = float(max(total, 0))
    while hungry.any():
        fair = np.where(hungry, left * weights / weights[hungry].sum(), 0.0)
        full = hungry & (fair >= room)
        if not full.any():
            shares += fair
            break
        shares[full] = room[full]
        left -= float(room[full].sum())
        hungry &= ~full
    # A share of 20 may come out as 19.999...
    return np.asarray(shares + 1e-6, dtype=np.intp)


def resized(frame: Frame, tokens: int, grid: TokenGrid) -> Frame:
    """The frame as at most `tokens` squares in about its own shape, but not below the model's minimum.

    Unchanged if it has no more than that.
    """
    from PIL import Image

    height, width = frame.image.shape[:2]
    least, whole = grid.fewest(frame), grid.whole(frame)
    if tokens >= math.prod(whole):
        return frame
    rows = max(least[0], math.floor(math.sqrt(tokens * height / width)))
    columns = max(least[1], math.floor(math.sqrt(tokens * width / height)))
    if rows > least[0]:
        rows = max(least[0], min(rows, tokens // columns))
    columns = max(least[1], min(columns, tokens // rows))
    size = (columns * grid.side, rows * grid.side)
    return Frame(frame.pts_s, np.asarray(Image.fromarray(frame.image).resize(size, Image.Resampling.BICUBIC)))
