"""Frames that repeat their window are dropped."""

from __future__ import annotations

from gpu_workers.selection.similar import SimilaritySelector
from tests.unit.gpu_workers.selection.made_up import axis, shown


def test_a_still_window_keeps_its_middle_and_a_lively_one_all():
    still, lively = [axis(0)] * 16, [axis(number) for number in range(16)]
    assert SimilaritySelector().select(shown([*still, *lively]), 99) == [8, *range(16, 32)]


def test_what_is_left_is_thinned_evenly():
    chosen = SimilaritySelector().select(shown([axis(number % 16) for number in range(64)]), 4)
    assert chosen == [8, 24, 40, 56]
