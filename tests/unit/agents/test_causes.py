from __future__ import annotations

import pytest

from agents.causes import asked_cause
from agents.rules import plan
from agents.state import QuestionType
from app.core.events import Planned, Reflected, Searched
from app.core.types import AnswerStatus, TimeSpan
from tests.unit.agents.meeting import MEETING
from tests.unit.agents.parts import Desk, Said

TALK: list[Said] = [
    (10.0, 14.0, "Now a story from my time at the weather office."),
    (15.0, 19.0, "We lost a whole day of measurements because nobody had tested the backups."),
    (20.0, 23.0, "The backups had been empty for three months."),
    (24.0, 27.0, "So test your restore, not only your backup."),
    (60.0, 64.0, "First wedge the clay so that no air bubbles remain."),
    (70.0, 74.0, "Pebble was built in a room above a bakery, which is why its boards smell of cinnamon."),
    (90.0, 93.0, "The night train was cancelled."),
    (94.0, 97.0, "Nobody had expected it."),
    (98.0, 101.0, "That was because of the flood at the bridge."),
    (120.0, 124.0, "Because the pump was frozen, the fountain stayed dry."),
    (140.0, 143.0, "The library moved to the old school."),
    (144.0, 147.0, "The reason is that its roof had fallen in."),
    (160.0, 164.0, "The heavy storm led to the closing of the harbour."),
    (180.0, 184.0, "The reason why the road is closed is that the mountain moves."),
    (190.0, 193.0, "Nobody tested the old backups either."),
    (200.0, 203.0, "The museum opens on Sundays."),
    (220.0, 224.0, "The fair was not cancelled because the mayor liked it."),
    (230.0, 233.0, "Pictures of such nights are the reason why people build on hills."),
    (234.0, 237.0, "The air was so steady that they did not refocus once."),
    (238.0, 239.0, "The school visits cost less since the bus company drove for free."),
    (239.0, 239.9, "The crane has been broken since the first storm was announced."),
    (240.0, 243.0, "The gate was painted green."),
    (244.0, 248.0, "Because of the frost, the roses were covered."),
]


@pytest.mark.parametrize(
    ("question", "effect"),
    [
        ("Why were the measurements lost?", "the measurements lost"),
        ("And why didn't the train run?", "the train run"),
        ("How come the harbour was closed?", "the harbour was closed"),
        ("What led to the closing of the harbour?", "the closing of the harbour"),
        ("What caused the delay?", "the delay"),
        ("What was the reason for the delay?", "the delay"),
        ("For what reason is the road closed?", "the road closed"),
        ("Because of what was the train cancelled?", "the train cancelled"),
    ],
)
def test_a_question_of_cause_names_its_effect(question: str, effect: str) -> None:
    assert asked_cause(question) == effect
    made = plan(question)
    assert made.question_type is QuestionType.CAUSE and made.queries == (effect,)


@pytest.mark.parametrize(
    "question", ["Why?", "Why is that?", "What is the cause worth?", "Who leads the talk?", "What led them?"]
)
def test_other_questions_name_none(question: str) -> None:
    assert asked_cause(question) == ""


def test_the_options_of_a_question_of_cause_are_chosen_from_as_before() -> None:
    assert plan("Why were the measurements lost?", options=("Rain", "Snow")).question_type is QuestionType.FACT


@pytest.mark.parametrize(
    ("question", "spans"),
    [
        ("Why were the measurements lost?", [(15.0, 19.0)]),
        ("Why must the restore be tested?", [(20.0, 23.0), (24.0, 27.0)]),
        ("Why do you have to wedge the clay?", [(60.0, 64.0)]),
        ("Why do the boards of Pebble smell of cinnamon?", [(70.0, 74.0)]),
        ("Why was the night train cancelled?", [(98.0, 101.0), (90.0, 93.0)]),
        ("Why did the fountain stay dry?", [(120.0, 124.0)]),
        ("Why did the library move to the old school?", [(144.0, 147.0), (140.0, 143.0)]),
        ("What led to the closing of the harbour?", [(160.0, 164.0)]),
        ("What is the reason why the road is closed?", [(180.0, 184.0)]),
        ("Why was the fair not cancelled?", [(220.0, 224.0)]),
        ("Why were the roses covered?", [(244.0, 248.0)]),
        ("Why did the school visits cost less?", [(238.0, 239.0)]),
        ("Why do people build on hills?", [(230.0, 233.0)]),
        ("Why did they not refocus?", [(234.0, 237.0)]),
    ],
)
def test_a_cause_is_told_with_its_effect(question: str, spans: list[tuple[float, float]]) -> None:
    answer = Desk(TALK).ask(question)
    assert answer.status is AnswerStatus.ANSWERED, answer.text
    assert [(c.span.start_s, c.span.end_s) for c in answer.citations] == spans
    assert all(citation.verified for citation in answer.citations)


@pytest.mark.parametrize(
    "question",
    [
        "Why had nobody tested the backups?",
        "Why were the backups empty for three months?",
        "Why does the museum open on Sundays?",
        "Why was the fair cancelled?",
        "Why was the pump frozen?",
        "Why was the air steady?",
        "Why is the crane broken?",
        "Why was the gate painted green?",
        "Why did the mayor throw a cup against the wall?",
        "Why was the submarine sold?",
    ],
)
def test_an_effect_without_a_cause_is_no_answer(question: str) -> None:
    answer = Desk(TALK).ask(question)
    assert answer.status is AnswerStatus.NOT_IN_VIDEO, answer.text
    assert answer.citations == ()


def test_where_only_the_effect_is_told_the_refusal_shows_it() -> None:
    answer = Desk(TALK).ask("Why does the museum open on Sundays?")
    assert answer.text == 'At 3:20: "The museum opens on Sundays." But why is not told.'


def test_where_no_effect_is_told_the_refusal_names_what_nobody_speaks_of() -> None:
    answer = Desk(TALK).ask("Why does the crane at the harbour sing loud operas?")
    assert "sing, loud and operas" in answer.text and "harbour" not in answer.text
    assert answer.usage.steps == 2


def test_the_text_of_an_answer_tells_which_is_the_cause() -> None:
    answer = Desk(TALK).ask("Why must the restore be tested?")
    assert answer.text == (
        'At 0:20: "The backups had been empty for three months." That is the reason for what is told at 0:24: '
        '"So test your restore, not only your backup."'
    )


def test_the_effect_is_searched_for_first() -> None:
    planned, where, why, reflected, *_ = Desk(TALK).events("Why was the night train cancelled?")
    assert isinstance(planned, Planned) and planned.question_type == "cause"
    assert isinstance(where, Searched) and where.query == "where is: the night train cancelled"
    assert isinstance(why, Searched) and len(why.hits) == 2
    assert isinstance(reflected, Reflected) and reflected.sufficient


def test_a_reason_on_the_screen_counts_and_one_outside_the_named_stretch_does_not() -> None:
    sign: list[Said] = [(30.0, 40.0, "Bridge closed due to high water")]
    desk = Desk(MEETING, sign)
    assert [c.span for c in desk.ask("Why is the bridge closed?").citations] == [TimeSpan(30.0, 40.0)]
    assert desk.ask("Why is the bridge closed in the last minute?").status is AnswerStatus.NOT_IN_VIDEO


def test_what_a_classifier_told_is_no_cause() -> None:
    tags: list[Said] = [(30.0, 40.0, "The bridge closed because of water")]
    assert Desk(MEETING, captions=tags).ask("Why is the bridge closed?").status is not AnswerStatus.ANSWERED
