"""LV-Haystack's visual scores (arXiv 2504.02259): how much the cited frames look like the given ones, by SSIM.

The published script hands its convolution rows of pixels for colours; here the window lies over rows and columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

WINDOW, SIGMA = 11, 1.5
"""Pixels of the Gaussian window, and its deviation."""
STEADY_MEAN, STEADY_SPREAD = 0.01**2, 0.03**2
"""What keeps the quotient steady where frames are dark or plain."""


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """A frame in 0 to 1, the mean of each pixel's surroundings, and their variance."""

    pixels: Plane
    mean: Plane
    spread: Plane


def visual_scores(predicted: Sequence[NDArray[np.uint8]], truth: Sequence[NDArray[np.uint8]]) -> tuple[float, float]:
    """Precision and recall: of the found frames, and of the given ones, the mean of the greatest likeness.

    All frames have one size. (0, 0) where none was found.
    """
    if not predicted or not truth:
        return 0.0, 0.0
    theirs = [_looked(frame) for frame in truth]
    # A looked-at frame of full HD takes 75 MB.
    likeness = [[_ssim(one, other) for other in theirs] for one in map(_looked, predicted)]
    return fmean(max(row) for row in likeness), fmean(max(column) for column in zip(*likeness, strict=True))


def _looked(frame: NDArray[np.uint8]) -> _Looked:
    pixels = frame.astype(np.float32) / np.float32(255)
    mean = _smoothed(pixels)
    return _Looked(pixels, mean, _smoothed(pixels**2) - mean**2)


def _ssim(one: _Looked, other: _Looked) -> float:
    both = _smoothed(one.pixels * other.pixels) - one.mean * other.mean
    upper = (2 * one.mean * other.mean + STEADY_MEAN) * (2 * both + STEADY_SPREAD)
    lower = (one.mean**2 + other.mean**2 + STEADY_MEAN) * (one.spread + other.spread + STEADY_SPREAD)
    return float((upper / lower).mean(dtype=np.float64))


def _smoothed(plane: Plane) -> Plane:
    """The Gaussian mean around each pixel; outside the frame it is black, as published."""
    reach = WINDOW // 2
    steps = np.arange(-reach, reach + 1)
    weights = np.exp(-(steps**2) / (2 * SIGMA**2))
    weights = (weights / weights.sum()).astype(np.float32)
    for axis in (0, 1):
        edges = [(reach, reach) if side == axis else (0, 0) for side in range(plane.ndim)]
        length, padded = plane.shape[axis], np.pad(plane, edges)
        plane = sum(
            (weight * padded.take(range(start, start + length), axis) for start, weight in enumerate(weights)),
            start=np.zeros_like(plane),
        )
    return plane
