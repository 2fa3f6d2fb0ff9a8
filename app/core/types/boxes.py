"""Rectangles in a picture."""

from __future__ import annotations

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture, 0 to 1."""


def area(box: Box) -> float:
    """The share of the picture that a box fills."""
    left, top, right, bottom = box
    return max(0.0, right - left) * max(0.0, bottom - top)


def common_area(one: Box, other: Box) -> float:
    """The area of what two boxes have in common."""
    lefts, tops, rights, bottoms = zip(one, other, strict=True)
    return area((max(lefts), max(tops), min(rights), min(bottoms)))


def iou(one: Box, other: Box) -> float:
    """Intersection over union; 0 for boxes that do not touch."""
    common = common_area(one, other)
    return common / (area(one) + area(other) - common) if common else 0.0
