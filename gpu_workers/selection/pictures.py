"""Makes pictures smaller for models that judge many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.core.types import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

JUDGED_SIDE = 490
"""Longest side, in pixels, of pictures for a model that judges many; the same as for GenS."""


def shrunk(frame: Frame, side: int) -> Frame:
    """The frame, scaled down to at most `side` pixels on its longest side."""
    return _scaled(frame, side / max(frame.image.shape[:2]))


def of_area(frame: Frame, pixels: int) -> Frame:
    """The frame, scaled down to about this many pixels in its own shape."""
    height, width = frame.image.shape[:2]
    return _scaled(frame, math.sqrt(pixels / (height * width)))


def laid_out(
    cells: Sequence[NDArray[np.uint8]], across: int, height: int, width: int, background: int
) -> NDArray[np.uint8]:
    """One picture of pictures row by row, each in the middle of a cell of this height and width, which it fits."""
    sheet = np.full((math.ceil(len(cells) / across) * height, across * width, 3), background, np.uint8)
    for place, cell in enumerate(cells):
        top = place // across * height + (height - cell.shape[0]) // 2
        left = place % across * width + (width - cell.shape[1]) // 2
        sheet[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return sheet


def _scaled(frame: Frame, scale: float) -> Frame:
    from PIL import Image

    if scale >= 1:
        return frame
    height, width = frame.image.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return Frame(frame.pts_s, np.asarray(Image.fromarray(frame.image).resize(size, Image.Resampling.BICUBIC)))
