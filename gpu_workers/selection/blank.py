"""Skips blank frames and picks evenly spaced ones: the first or last step of every method."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.types import FrameFeatures

BLANK_CONTRAST = 0.02
"""Standard deviation of the luminance (0 to 1) below which a frame is blank."""


def worth_showing(candidates: Sequence[FrameFeatures]) -> list[int]:
    """Indices of the frames that are not blank; if all are, the middle one; empty for no frames.

    Blank frames are unlike all others, so any method that looks for variety would pick them first.
    """
    if not candidates:
        return []
    return [i for i, c in enumerate(candidates) if c.contrast >= BLANK_CONTRAST] or [len(candidates) // 2]


def evenly(indices: Sequence[int], count: int) -> list[int]:
    """The middle of each of `count` equal parts; all if there are no more than that, none if `count` is below one."""
    count = min(max(count, 0), len(indices))
    return [indices[(2 * part + 1) * len(indices) // (2 * count)] for part in range(count)]
