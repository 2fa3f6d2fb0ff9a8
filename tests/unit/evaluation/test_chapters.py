"""Chapter scores and reliability, computed by hand."""

from __future__ import annotations

import pytest

from app.core.types import TimeSpan
from app.evaluation.metrics.chapters import boundary_f1, chapter_scores, soda_c, word_f1
from app.evaluation.metrics.reliability import reliability
from tests.unit.evaluation.written import REFUSED, case, judged, result


def test_a_given_border_is_met_by_one_found_border_only() -> None:
    assert boundary_f1([58.0, 61.0, 200.0], [60.0, 120.0], 5.0) == pytest.approx((1 / 3, 1 / 2, 0.4))
    assert boundary_f1([], [60.0], 5.0) == (0.0, 0.0, 0.0)
    assert boundary_f1([], [], 5.0) == (1.0, 1.0, 1.0)


def test_the_nearest_pair_is_matched_first() -> None:
    assert boundary_f1([62.0, 66.0], [60.0, 65.0], 5.0)[0] == 1.0


def chapter(start: float, end: float, title: str) -> tuple[TimeSpan, str]:
    return TimeSpan(start, end), title


def test_soda_c_of_the_same_chapters_is_1_and_of_none_is_0() -> None:
    given = [chapter(0, 60, "Budget"), chapter(60, 100, "Lunch")]
    assert soda_c(given, given) == 1.0
    assert soda_c([], given) == 0.0
    assert soda_c([], []) == 1.0


def test_soda_c_weighs_overlap_with_likeness_of_the_words() -> None:
    found, given = [chapter(0, 50, "the budget")], [chapter(0, 100, "Budget"), chapter(100, 200, "Lunch")]
    worth = 0.5 * (2 / 3)
    precision, recall = worth, worth / 2
    assert soda_c(found, given) == pytest.approx(2 * precision * recall / (precision + recall))


def test_soda_c_keeps_the_order_of_time() -> None:
    found = [chapter(0, 100, "a"), chapter(0, 100, "b")]
    given = [chapter(0, 100, "b"), chapter(0, 100, "a")]
    assert soda_c(found, given) == 0.5  # only one pair can be matched without crossing


def test_the_start_of_the_first_chapter_is_no_border() -> None:
    found = chapter_scores("v", [chapter(0, 58, "Budget"), chapter(58, 90, "x")], [chapter(0, 60, "Budget")])
    assert (found.given, found.found, found.precision, found.recall, found.f1) == (1, 2, 0.0, 0.0, 0.0)
    given = [chapter(0, 60, "a"), chapter(60, 90, "b")]
    assert chapter_scores("v", [chapter(0, 63, "a"), chapter(63, 90, "b")], given).f1 == 1.0


def test_what_users_see_of_a_confidence_is_what_is_binned() -> None:
    asked = [judged(case(), result(option, confidence=0.9)) for option in (0, 1)]
    assert reliability(asked).error == pytest.approx(0.4)
    assert reliability(asked, shown=lambda c: c - 0.4).error == pytest.approx(0.0)


def test_word_f1_ignores_order_and_case() -> None:
    assert word_f1("The red car", "car the RED") == 1.0
    assert word_f1("red", "blue") == word_f1("", "") == 0.0


def test_the_calibration_error_weighs_each_bin_by_its_answers() -> None:
    asked = [judged(case(), result(option, confidence=value)) for value, option in [(0.9, 0), (0.95, 1), (0.15, 1)]]
    asked.append(judged(case(), result(None, status=REFUSED, confidence=0.99)))
    found = reliability(asked)
    assert found.answers == 3
    assert [(b.low, b.answers, b.right) for b in found.bins] == [(0.1, 1, 0.0), (0.9, 2, 0.5)]
    assert found.error == pytest.approx((2 * abs(0.925 - 0.5) + 1 * 0.15) / 3)


def test_a_confidence_of_1_lies_in_the_last_bin() -> None:
    assert reliability([judged(case(), result(0, confidence=1.0))]).bins[0].low == 0.9
    assert reliability([]).error is None
