"""Scenes are cut where the picture changes, and share a budget by their length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_workers.selection.scenes import scenes, shares
from tests.unit.gpu_workers.selection.made_up import axis, shown

VIDEO = shown([axis(0)] * 4 + [axis(1)] * 3 + [0.9 * axis(1) + 0.8 * axis(2)] * 2)


def test_scenes_end_where_neighbours_differ():
    assert scenes(VIDEO, range(9), 9) == [[0, 1, 2, 3], [4, 5, 6], [7, 8]]


def test_the_strongest_change_is_cut_first():
    assert scenes(VIDEO, range(9), 2) == [[0, 1, 2, 3], [4, 5, 6, 7, 8]]
    assert scenes(VIDEO, range(9), 1) == [list(range(9))]


def test_a_still_video_is_one_scene():
    assert scenes(shown([axis(0)] * 5), range(5), 5) == [[0, 1, 2, 3, 4]]
    assert scenes(shown([np.zeros(4, np.float32)] * 5), range(5), 5) == [[0, 1, 2, 3, 4]]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(0, 60))
def test_shares_use_the_whole_budget_and_leave_out_no_scene_that_fits(sizes, budget):
    given_shares = shares(sizes, budget)
    assert sum(given_shares) == budget
    assert len(given_shares) == len(sizes)
    assert min(given_shares) >= (1 if budget >= len(sizes) else 0)


@pytest.mark.parametrize(("sizes", "budget", "expected"), [([10, 30], 8, [3, 5]), ([1, 9, 5], 2, [0, 1, 1])])
def test_longer_scenes_get_more(sizes, budget, expected):
    assert shares(sizes, budget) == expected
