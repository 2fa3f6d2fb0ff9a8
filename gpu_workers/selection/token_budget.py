"""QuoTA's budget in pixels (arXiv 2503.08689): a frame of a look is the larger, the likelier it bears on the question.

The paper resizes feature maps inside the model. A model that cuts pictures of any size into squares, each one token,
takes smaller pictures instead. Two things differ from the paper: no frame becomes smaller than the model takes, so
that none is lost, and what a frame cannot use at its full size goes to the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from app.core.errors import BadSettings
from app.core.ports import FrameEmbedder, VisionLanguageModel
from app.core.settings import Settings
from app.core.types import Completion, Frame
from gpu_workers.selection.scoring import LikenessScorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

NEXT_TO_NOTHING = 1e-6
"""The weight of a frame without any, as a share of the greatest."""


@dataclass(frozen=True, slots=True)
class TokenGrid:
    """How a model cuts pictures: each square of `side` pixels is a token, a picture has at least `least` pixels."""

    side: int
    least: int = 0

    def fewest(self, frame: Frame) -> tuple[int, int]:
        """Rows and columns of the smallest picture of a frame that the model does not enlarge."""
        height, width = frame.image.shape[:2]
        scale = math.sqrt(self.least / (height * width)) / self.side
        return max(1, math.ceil(height * scale)), max(1, math.ceil(width * scale))

    def whole(self, frame: Frame) -> tuple[int, int]:
        """Rows and columns of a frame in its own size."""
        height, width = frame.image.shape[:2]
        rows, columns = self.fewest(frame)
        return max(rows, round(height / self.side)), max(columns, round(width / self.side))


@runtime_checkable
class TakesAnySize(VisionLanguageModel, Protocol):
    """A vision-language model that reads more tokens of larger pictures."""

    def token_grid(self) -> TokenGrid | None:
        """How it cuts pictures; None when all become as many tokens. Loads the model."""
        ...


class SizedLooking:
    """Plays `VisionLanguageModel`: shares `budget` tokens among the frames of a look before a model sees them."""

    def __init__(self, model: TakesAnySize, embedder: FrameEmbedder, budget: int) -> None:
        self._looks = model
        self._embedder = embedder
        self._budget = budget

    @property
    def model(self) -> str:
        """Name and version, with the budget."""
        return f"{self._looks.model}/quota-{self._budget}"

    def look(self, frames: Sequence[Frame], question: str) -> Completion:
        """See the port. Raises BadSettings for a model that makes as many tokens of every picture."""
        return self._looks.look(self.sized(frames, question) if frames else frames, question)

    def sized(self, frames: Sequence[Frame], question: str) -> list[Frame]:
        """The frames, some of them smaller, so that a model reads at most `budget` tokens of them, if it can."""
        seen = self._embedder.embed(frames)
        sure = LikenessScorer(self._embedder).glance((question,), seen, lambda _: ())[:, 0]
        grid = self._looks.token_grid()
        if grid is None:
            raise _all_alike(self._looks)
        fewest = np.array([math.prod(grid.fewest(frame)) for frame in frames])
        room = np.array([math.prod(grid.whole(frame)) for frame in frames]) - fewest
        given = fewest + shared(np.square(sure), self._budget - int(fewest.sum()), room)
        return [resized(frame, int(tokens), grid) for frame, tokens in zip(frames, given, strict=True)]


def looking(settings: Settings, workers: Workers) -> VisionLanguageModel | None:
    """The vision-language model that agents look with. Raises BadSettings for a budget that nothing can keep."""
    model: VisionLanguageModel | None = workers.get("vision_language_model")
    if model is None or not settings.vision.quota:
        return model
    if settings.vision.time_tokens or settings.vlm_presentation != "interleaved":
        raise BadSettings(
            "Frames of different sizes cannot be shown as one video or in one picture.",
            "Unset LONGREEL_VISION__QUOTA, or LONGREEL_VISION__TIME_TOKENS and LONGREEL_VLM_PRESENTATION.",
        )
    if not isinstance(model, TakesAnySize):
        raise _all_alike(model)
    return SizedLooking(model, workers.get("frame_embedder"), settings.vision.quota)


def _all_alike(model: VisionLanguageModel) -> BadSettings:
    return BadSettings(
        f"Frames cannot be sized for {model.model}.",
        "Unset LONGREEL_VISION__QUOTA, or look with Qwen2.5-VL or Qwen3-VL through transformers.",
    )


def shared(weights: NDArray[np.float64], total: int, room: NDArray[np.intp]) -> NDArray[np.intp]:
    """Tokens by weight, rounded down, at most `room` for each; what one cannot take goes to the others.

    Those without weight get what all others leave; without any weight all count alike.
    """
    weights = np.maximum(weights, weights.max() * NEXT_TO_NOTHING) if weights.any() else np.ones(len(weights))
    given = np.zeros(len(weights))
    hungry = np.ones(len(weights), bool)
    left = float(max(total, 0))
    while hungry.any():
        wanted = np.where(hungry, left * weights / weights[hungry].sum(), 0.0)
        full = hungry & (wanted >= room)
        if not full.any():
            given += wanted
            break
        given[full] = room[full]
        left -= float(room[full].sum())
        hungry &= ~full
    return np.asarray(given, dtype=np.intp)


def resized(frame: Frame, tokens: int, grid: TokenGrid) -> Frame:
    """The frame in about its own shape as at most `tokens` squares, but no fewer than the model takes.

    It stays as it is where it has no more.
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
