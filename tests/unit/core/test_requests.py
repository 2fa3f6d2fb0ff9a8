"""Requests are checked as they are made."""

from __future__ import annotations

import pytest

from app.core.errors import BadInput
from app.core.requests import AskRequest


@pytest.mark.parametrize(
    ("question", "options", "problem"),
    [(" ", (), "empty"), ("x" * 2001, (), "longer"), ("Which?", ("one",), "2 to 26"), ("Which?", ("a", " "), "option")],
)
def test_what_cannot_be_asked_is_refused(question: str, options: tuple[str, ...], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        AskRequest(question, options=options)


def test_a_question_is_one_line() -> None:
    assert AskRequest("  When did\n it open? ").question == "When did it open?"
