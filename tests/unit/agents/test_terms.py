"""How often a term is said or written: code counts it, word by word."""

from __future__ import annotations

import pytest

from agents.evidence.known_questions import known_questions
from app.core.types import AnswerStatus, SegmentKind
from gpu_workers.language.fakes import FakeChat
from tests.unit.agents.parts import SMALL, Desk

ASKED = known_questions("terms").facts

SPEECH = [(0, 5, "The cost is the cost."), (5, 9, "Costs rise; there is no cost limit."), (9, 12, "Goodbye.")]
SCREEN = [(0, 5, "COST / total cost"), (9, 12, "The end")]


def desk() -> Desk:
    weights = lambda _, labels: {labels[0]: 0.1, labels[1]: 0.9}  # noqa: E731 - as the fake takes it
    return Desk(SPEECH, SCREEN, chat=FakeChat([], capabilities=SMALL, weights=weights))


@pytest.mark.parametrize(("kind", "times"), [(SegmentKind.SPEECH, 3), (SegmentKind.SCREEN_TEXT, 2)])
def test_how_often_a_term_is_said_or_written_is_counted_by_code(kind: SegmentKind, times: int) -> None:
    answer = desk().ask(ASKED[kind][0].replace("“X”", "'cost'"))
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, f"“cost”: {times}x")
    assert answer.citations and all(one.verified and one.kind is kind for one in answer.citations)


def test_a_term_that_does_not_occur_and_another_question_about_one_are_not_counted() -> None:
    for question in (ASKED[SegmentKind.SPEECH][0].replace("X", "profit"), "Who says “cost”?"):
        assert "x" not in desk().ask(question).text.split()[-1]
