"""How often a term is said or written: code counts it, word by word."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from agents.evidence.known_questions import known_questions
from app.core.types import AnswerStatus, SegmentKind
from gpu_workers.language.fakes import FakeChat
from tests.unit.agents.parts import SMALL, Desk

ASKED = known_questions("terms").facts

SPEECH = [(0, 5, "The cost is the cost."), (5, 9, "Costs rise; there is no cost limit."), (9, 12, "Goodbye.")]
SCREEN = [(0, 5, "COST / total cost"), (9, 12, "The end")]


def desk(*replies: str, yes: float = 0.9) -> Desk:
    def weights(_: object, labels: Sequence[str]) -> dict[str, float]:
        share = yes if "yes" in labels else 0.1
        return {labels[0]: share, labels[1]: 1 - share}

    return Desk(SPEECH, SCREEN, chat=FakeChat(list(replies), capabilities=SMALL, weights=weights))


def copied(words: str) -> str:
    """What a model replies that takes these for the words to count."""
    return json.dumps({"counts": "times words are said", "words": words})


@pytest.mark.parametrize(("kind", "times"), [(SegmentKind.SPEECH, 3), (SegmentKind.SCREEN_TEXT, 2)])
def test_how_often_a_term_is_said_or_written_is_counted_by_code(kind: SegmentKind, times: int) -> None:
    answer = desk().ask(ASKED[kind][0].replace("“X”", "'cost'"))
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, f"“cost”: {times}x")
    assert answer.citations and all(one.verified and one.kind is kind for one in answer.citations)


def test_a_term_that_does_not_occur_and_another_question_about_one_are_not_counted() -> None:
    for question in (ASKED[SegmentKind.SPEECH][0].replace("X", "profit"), "Who says “cost”?"):
        assert "x" not in desk().ask(question).text.split()[-1]


def test_without_quotation_marks_the_model_names_the_term() -> None:
    answer = desk(copied("cost")).ask("How often does she say cost?")
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, "“cost”: 3x")
    assert all(one.verified for one in answer.citations)


@pytest.mark.parametrize(
    ("words", "yes"), [("profit", 0.9), ("", 0.9), ("cost", 0.4)], ids=["not asked", "none", "no count of words"]
)
def test_nothing_is_counted_where_the_model_and_the_question_do_not_agree(words: str, yes: float) -> None:
    assert "3x" not in desk(copied(words), yes=yes).ask("How often does she say cost?").text


def test_a_model_that_names_no_term_in_a_readable_form_is_no_failure_of_the_question() -> None:
    assert desk("?", "?").ask("How often does she say cost?").status is not AnswerStatus.ANSWERED
