"""When something is said or shown: the times of the lines that hold it, or that are about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from agents.evidence.known_questions import known_questions
from app.core.types import AnswerStatus
from gpu_workers.language.fakes import FakeChat
from tests.unit.agents.parts import SMALL, Desk

SPEECH = [(40, 45, "Der Hafen ist alt."), (65, 70, "Now to the cost."), (90, 95, "Goodbye.")]
SCREEN = [(70, 80, "COST / 920,000")]
ASKED = known_questions("moments").facts["when"][0].replace("the weather", "{}")


def desk(words: str, *, asks: float = 0.9, about: Sequence[str] = ()) -> Desk:
    """The model takes a question for one about these words, and these lines for ones about them."""

    def weights(messages: Any, labels: Sequence[str]) -> dict[str, float]:
        if '{"' in labels:
            return {labels[0]: 1 - asks, labels[1]: asks}
        line = messages[-1].text
        share = 0.9 if any(f'"{one}"' in line for one in about) else 0.1
        return {labels[0]: share, labels[1]: 1 - share}

    chat = FakeChat([json.dumps({"words": words})], capabilities=SMALL, weights=weights)
    return Desk(SPEECH, SCREEN, chat=chat)


def test_the_times_of_what_is_said_and_of_what_is_shown_are_named() -> None:
    answer = desk("cost").ask(ASKED.format("cost"))
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, "“cost”: 1:05, 1:10")
    assert [one.span.start_s for one in answer.citations] == [65, 70] and all(one.verified for one in answer.citations)


def test_where_no_line_holds_the_words_the_model_names_one_that_is_about_them() -> None:
    answer = desk("old port", about=["Der Hafen ist alt."]).ask(ASKED.format("the old port"))
    assert answer.text == "“old port”: 0:40"


@pytest.mark.parametrize(
    ("words", "asks"),
    [("cost", 0.1), ("price", 0.9), ("", 0.9), ("old port", 0.9)],
    ids=["other", "not asked", "none", "nowhere"],
)
def test_no_time_is_named_where_none_is_asked_for_or_nothing_is_about_it(words: str, asks: float) -> None:
    question = ASKED.format("the old port" if words == "old port" else "the cost")
    assert "”: " not in desk(words, asks=asks).ask(question).text
