"""Confidence becomes a share of right answers, in the same order."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.services.calibration import UNCHANGED, Calibration, fit, load


def answers(*groups: tuple[float, int, int]) -> list[tuple[float, bool]]:
    """Of each (confidence, right, wrong) so many."""
    return [(c, right) for c, good, bad in groups for right in (*[True] * good, *[False] * bad)]


def test_overconfident_answers_are_told_with_less() -> None:
    found = fit(answers((0.9, 60, 40), (0.6, 30, 70)))
    assert found(0.9) == pytest.approx(0.6, abs=0.02)
    assert found(0.6) == pytest.approx(0.3, abs=0.02)


def test_the_order_of_answers_stays() -> None:
    found = fit(answers((0.9, 60, 40), (0.6, 30, 70)))
    told = [found(share / 100) for share in range(101)]
    assert told == sorted(told) and 0 < told[0] < told[-1] < 1


def test_confidence_that_tells_nothing_or_the_contrary_gives_one_share_for_all() -> None:
    found = fit(answers((0.9, 20, 80), (0.3, 80, 20)))
    assert found.slope == 0.0
    assert found(0.1) == found(0.9) == pytest.approx(0.5, abs=0.01)
    assert fit(answers((0.7, 10, 30)))(0.7) == pytest.approx(0.27, abs=0.03)


def test_a_few_right_answers_do_not_give_certainty() -> None:
    assert fit(answers((0.9, 3, 0)))(0.9) == pytest.approx(0.8, abs=0.02)
    with pytest.raises(ValueError, match="no answers"):
        fit([])


def test_a_calibration_is_kept_as_it_is(tmp_path: Path) -> None:
    made = Calibration(0.8, -0.3, 12, "some questions")
    made.write(tmp_path / "c.json")
    assert load(tmp_path / "c.json") == made
    assert UNCHANGED(0.137) == 0.137


def test_the_product_changes_no_confidence_until_a_curve_is_fitted_on_this_agent() -> None:
    assert load() == UNCHANGED
