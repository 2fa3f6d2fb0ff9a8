"""The part of a picture that a question is about, as Free Video-LLM finds it (arXiv 2410.10441).

Each patch of the picture is compared with the question in the space of a joint embedder. Of the patches the likest
share is taken; around the middle of these lies a box with the same share of the picture and of its shape.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from app.core.types import Frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture."""


class RegionFinder(Protocol):
    """A frame embedder that can compare parts of a picture with words."""

    def regions(self, frames: Sequence[Frame], text: str, share: float) -> list[Box]:
        """For each frame the box with a share of the picture that bears on the text most."""
        ...


def around(likeness: NDArray[np.floating], share: float) -> Box:
    """The box for the likeness of each patch, shape (rows, columns), moved inside the picture where it sticks out."""
    import numpy as np

    rows, columns = likeness.shape
    best = np.argsort(-likeness, axis=None, kind="stable")[: max(1, round(share * likeness.size))]
    y, x = np.unravel_index(best, likeness.shape)
    side = math.sqrt(share)

    def placed(middle: float) -> tuple[float, float]:
        start = min(max(middle - side / 2, 0.0), 1.0 - side)
        return start, start + side

    left, right = placed(float(x.mean() + 0.5) / columns)
    top, bottom = placed(float(y.mean() + 0.5) / rows)
    return left, top, right, bottom


def cropped(frame: Frame, box: Box) -> Frame:
    """The part of a frame inside a box, at least one pixel; its time stays."""
    height, width = frame.image.shape[:2]
    left, top = min(int(box[0] * width), width - 1), min(int(box[1] * height), height - 1)
    right, bottom = max(math.ceil(box[2] * width), left + 1), max(math.ceil(box[3] * height), top + 1)
    return Frame(frame.pts_s, frame.image[top:bottom, left:right])
