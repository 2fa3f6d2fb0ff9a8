"""Paired comparison against values computed by hand."""

from __future__ import annotations

import pytest

from app.evaluation.metrics.comparison import paired


def test_only_questions_that_modes_answer_unlike_tell_them_apart() -> None:
    found = paired([True] * 8 + [False] * 2 + [True] * 5, [False] * 8 + [True] * 2 + [True] * 5)
    assert (found.questions, found.first_only, found.second_only) == (15, 8, 2)
    assert found.difference == pytest.approx(6 / 15)
    assert found.p == pytest.approx(2 * (1 + 10 + 45) / 1024)


def test_the_interval_is_the_adjusted_wald_interval() -> None:
    low, high = paired([True] * 8 + [False] * 2 + [True] * 5, [False] * 8 + [True] * 2 + [True] * 5).interval
    middle, half = 6 / 17, 1.959963984540054 * ((12 / 17 - (6 / 17) ** 2) / 17) ** 0.5
    assert (low, high) == pytest.approx((middle - half, middle + half))


def test_modes_that_agree_everywhere_are_not_told_apart() -> None:
    found = paired([True, False, True], [True, False, True])
    assert (found.difference, found.p) == (0.0, 1.0)
    assert found.interval[0] < 0 < found.interval[1]
    assert paired([], []).p == 1.0
    assert paired([True] * 1500 + [False] * 1500, [False] * 1500 + [True] * 1500).p == 1.0


def test_lists_of_unlike_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        paired([True], [])
