"""Makes pictures smaller for models that judge many."""

from __future__ import annotations

import math

import numpy as np

from app.core.types import Frame

JUDGED_SIDE = 490
"""Longest side, in pixels, of pictures for a model that judges many; the same as for GenS."""


def shrunk(frame: Frame, side: int) -> Frame:
    """The frame, scaled down to at most `side` pixels on its longest side."""
    return _scaled(frame, side / max(frame.image.shape[:2]))


def of_area(frame: Frame, pixels: int) -> Frame:
    """The frame, scaled down to about this many pixels in its own shape."""
    height, width = frame.image.shape[:2]
    return _scaled(frame, math.sqrt(pixels / (height * width)))


def _scaled(frame: Frame, scale: float) -> Frame:
    from PIL import Image

    if scale >= 1:
        return frame
    height, width = frame.image.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return Frame(frame.pts_s, np.asarray(Image.fromarray(frame.image).resize(size, Image.Resampling.BICUBIC)))
