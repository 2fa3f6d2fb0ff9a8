"""Requests are checked as they are made."""

from __future__ import annotations

import pytest

from app.core.errors import BadInput
from app.core.requests import AskRequest, DrawnBox, Length, Style, SummaryRequest
from app.core.types import TimeSpan


@pytest.mark.parametrize(
    ("question", "options", "problem"),
    [(" ", (), "empty"), ("x" * 2001, (), "longer"), ("Which?", ("one",), "2 to 26"), ("Which?", ("a", " "), "option")],
)
def test_what_cannot_be_asked_is_refused(question: str, options: tuple[str, ...], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        AskRequest(question, options=options)


def test_a_question_is_one_line() -> None:
    assert AskRequest("  When did\n it open? ").question == "When did it open?"


def test_half_of_a_character_is_refused() -> None:
    with pytest.raises(BadInput, match="half of a character"):
        AskRequest("What is \udce4?")
    with pytest.raises(BadInput, match="half of a character"):
        AskRequest("What?", options=("\ud83d", "b"))


@pytest.mark.parametrize(
    ("numbers", "problem"),
    [
        ((0.1, 0.1, 0.0, 0.2, 3.0), "empty"),
        ((0.5, 0.1, 0.6, 0.2, 3.0), "outside"),
        ((-0.1, 0.1, 0.6, 0.2, 3.0), "outside"),
        ((0.1, 0.1, float("nan"), 0.2, 3.0), "finite"),
        ((0.1, 0.1, 0.2, 0.2, float("inf")), "finite"),
        ((0.1, 0.1, 0.2, 0.2, -1.0), "no span"),
        ((0.1, 0.1, 0.2, 0.2, 3.0, 2.0), "no span"),
    ],
)
def test_what_is_no_part_of_a_picture_is_refused(numbers: tuple[float, ...], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        DrawnBox(*numbers)


def test_a_box_is_a_part_of_the_picture_at_a_moment_or_for_a_while() -> None:
    moment, span = DrawnBox(0.25, 0.5, 0.5, 0.5, 3.0), DrawnBox(0.25, 0.5, 0.75, 0.5 + 1e-9, 0.0, 2.0)
    assert (moment.region.box, moment.region.span) == ((0.25, 0.5, 0.75, 1.0), TimeSpan(3, 3))
    assert (span.region.box, span.region.span) == ((0.25, 0.5, 1.0, 1.0), TimeSpan(0, 2))


def test_a_summary_without_a_known_length_style_or_language_is_refused() -> None:
    assert SummaryRequest.of("page", "minutes", "de") == SummaryRequest(Length.PAGE, Style.MINUTES, "de")
    for form in (("book", "neutral", None), ("page", "rhymes", None), ("page", "minutes", "German")):
        with pytest.raises(BadInput):
            SummaryRequest.of(*form)
