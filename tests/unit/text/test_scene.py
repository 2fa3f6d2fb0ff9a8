"""Words for what a detector found, against a port of Video-RAG's relations."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.types import Detection
from app.text.scene import RELATED, described, relations


def published(one, other):
    """The published relations of boxes given as left, top, width, height."""
    (x1, y1, width1, height1), (x2, y2, width2, height2) = one, other
    found = []
    if x1 < x2 + width2 and x1 + width1 > x2 and y1 < y2 + height2 and y1 + height1 > y2:
        found.append("overlaps")
    if x1 + width1 < x2:
        found.append("left of")
    if x1 > x2 + width2:
        found.append("right of")
    if y1 + height1 < y2:
        found.append("above")
    if y1 > y2 + height2:
        found.append("below")
    return found


def test_relations_are_the_published_ones_for_random_boxes():
    generator = np.random.default_rng(1)
    seen = set()
    for _ in range(300):
        first, second = (tuple(float(n) for n in row) for row in generator.uniform(0.02, 0.45, (2, 4)))
        boxes = [(x, y, x + width, y + height) for x, y, width, height in (first, second)]
        expected = published(first, second)
        assert relations(*boxes) == expected
        seen |= set(expected)
    assert seen == {"overlaps", "left of", "right of", "above", "below"}


CUP, OTHER_CUP, LAMP = (0.1, 0.7, 0.2, 0.9), (0.6, 0.75, 0.7, 0.9), (0.55, 0.1, 0.75, 0.3)


def test_a_frame_is_described_by_numbers_locations_and_relations():
    things = [Detection("cup", 0.9, CUP), Detection("lamp", 0.7, LAMP), Detection("cup", 0.8, OTHER_CUP)]
    assert described(things) == (
        "2 cup, 1 lamp: cup 1 on the left, bottom (90%); cup 2 on the right, bottom (80%); "
        "lamp on the right, top (70%); cup 1 left of cup 2; cup 1 left of and below lamp; cup 2 below lamp"
    )


@pytest.mark.parametrize("count", [1, RELATED, RELATED + 3])
def test_only_the_most_certain_things_are_related(count):
    things = [Detection("cup", 0.9 - n / 100, (n / 20, 0.4, n / 20 + 0.04, 0.5)) for n in range(count)]
    text = described(things)
    assert text.count(" left of ") == min(count, RELATED) * (min(count, RELATED) - 1) // 2
    assert text.startswith(f"{count} cup: ")
