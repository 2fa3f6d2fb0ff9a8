"""Turns decoded frames into upright RGB pictures with square pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def clockwise(frame: Any) -> int:
    """How far a decoded frame must be turned to stand upright: 0, 90, 180 or 270 degrees clockwise."""
    return int(round(-frame.rotation / 90) * 90 % 360)


def shown_size(frame: Any, pixel_aspect: float) -> tuple[int, int]:
    """Width and height in square pixels, after rotation."""
    width, height = max(1, round(frame.width * pixel_aspect)), frame.height
    return (height, width) if clockwise(frame) in (90, 270) else (width, height)


def pixel_aspect(stream: Any) -> float:
    """Width of a pixel over its height; 1.0 when the file does not say or states nonsense."""
    ratio = stream.sample_aspect_ratio
    return float(ratio) if ratio and 0.1 <= ratio <= 10 else 1.0


def fitted(width: int, height: int, max_side: int) -> tuple[int, int]:
    """The size shrunk, never enlarged, so that its longer side is at most `max_side`; 0 keeps it."""
    longest = max(width, height)
    if max_side <= 0 or longest <= max_side:
        return width, height
    scale = max_side / longest
    return max(1, round(width * scale)), max(1, round(height * scale))


def picture(frame: Any, aspect: float, max_side: int) -> NDArray[np.uint8]:
    """The picture of a decoded frame: height x width x 3, RGB, upright, scaled before it is turned."""
    width, height = fitted(*shown_size(frame, aspect), max_side)
    degrees = clockwise(frame)
    if degrees in (90, 270):
        width, height = height, width
    image = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA").to_ndarray()
    return cast("NDArray[np.uint8]", np.ascontiguousarray(np.rot90(image, -degrees // 90)))
