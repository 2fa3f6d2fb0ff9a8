from __future__ import annotations

import itertools

import pytest

from agents.ordering import Order, asked_order, option_lists
from app.core.events import Drafted, Planned, Searched
from app.core.types import AnswerStatus
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import Desk, Said

LISTS = ["bridge, library, swimming pool", "library, bridge, swimming pool", "swimming pool, bridge, library"]
POOL: list[Said] = [*MEETING, (550.0, 553.0, "The swimming pool needs a new roof.")]


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("Which comes first, the library or the bridge?", Order(("the library", "the bridge"), "first")),
        ("What is discussed last: the pool, the library or the bridge?",
         Order(("the pool", "the library", "the bridge"), "last")),
        ("Is the library discussed before or after the bridge?", Order(("the library", "the bridge"))),
        ("In which order are these discussed: the pool, the bridge and the library?",
         Order(("the pool", "the bridge", "the library"))),
    ],
)  # fmt: skip
def test_a_question_of_order_names_its_events(question: str, order: Order) -> None:
    assert asked_order(question) == order


@pytest.mark.parametrize(
    "question",
    [
        "What is the first item?",
        "What is said after the vote?",
        "Which item comes after the bicycle bridge?",
        "Does the bowl have to be wedged before it is thrown?",
        "Who speaks first?",
        "What is the last line of text shown?",
        "Is the bridge cheap or expensive?",
        "At first, does he use a pen or a pencil?",
        "Who came first in the race?",
        "How long does the train take between Rome and Milan?",
    ],
)
def test_other_questions_are_none_of_order(question: str) -> None:
    assert asked_order(question, ["Anna", "Tom"]) is None


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("In what order?", ["the vote -> the bridge", "the bridge -> the vote"]),
        ("(1) the vote (2) the bridge. Which order is right?", ["(1)(2)", "(2)(1)"]),
        ("Order these: a. the vote b. the bridge", ["a, b", "b, a"]),
        ("Put them in order: ① the vote ② the bridge", ["①②", "②①"]),
        ("Put them in order: 1. the vote 2. the bridge", ["1-2", "2-1"]),
    ],
)
def test_options_that_are_lists_are_read_however_they_are_written(question: str, options: list[str]) -> None:
    assert option_lists(question, options)[1] == ("the bridge", "the vote")


def test_options_that_are_no_lists_of_the_same_events_are_left_alone() -> None:
    assert option_lists("Which?", ["Red, blue", "Green, yellow"]) == []
    assert option_lists("Which?", ["At the office", "At home"]) == []


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which comes first, the library or the bridge?", "The bridge at 0:15, before the library at 7:00."),
        ("Which comes last, the library or the bridge?", "The library at 7:00, after the bridge at 0:15."),
        ("Is the library discussed before or after the bridge?", "After: the bridge at 0:15 and the library at 7:00."),
        ("In which order are these discussed: the swimming pool, the bridge and the library?",
         "The bridge at 0:15; then the library at 7:00; then the swimming pool at 9:10."),
    ],
)  # fmt: skip
def test_events_are_found_on_their_own_and_sorted_by_time(question: str, text: str) -> None:
    desk = Desk(POOL)
    events = desk.events(question)
    assert next(e for e in events if isinstance(e, Planned)).question_type == "order"
    assert any(isinstance(e, Searched) and e.query.startswith("where are: ") for e in events)
    assert all(ids for e in events if isinstance(e, Drafted) for _, ids in e.claims)
    answer = desk.ask(question)
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, text)
    assert all(citation.verified for citation in answer.citations)
    assert len(answer.citations) == text.count(":") - text.count("After: ")


@pytest.mark.parametrize(
    "question",
    [
        "How much time passes between the mention of the library and the first mention of the bridge?",
        "How many minutes lie between the bridge and the library in the video?",
    ],
)
def test_the_time_between_two_events_is_reckoned_from_their_moments(question: str) -> None:
    answer = Desk(POOL).ask(question)
    assert answer.text == "6:45 apart: the bridge at 0:15 and the library at 7:00."
    assert [citation.span.start_s for citation in answer.citations] == [15.0, 420.0]


def test_the_time_to_an_event_that_is_not_there_is_not_reckoned() -> None:
    answer = Desk(POOL).ask("How much time lies between the mentions of the submarine and the bridge?")
    assert answer.status is AnswerStatus.NOT_IN_VIDEO


def test_an_event_that_is_not_there_is_told() -> None:
    answer = Desk(POOL).ask("Which comes first, the submarine or the bridge?")
    assert answer.status is AnswerStatus.NOT_IN_VIDEO
    assert "the submarine" in answer.text


@pytest.mark.parametrize("options", list(itertools.permutations(LISTS)))
def test_the_list_in_the_order_of_time_is_chosen_wherever_it_stands(options: tuple[str, ...]) -> None:
    answer = Desk(POOL).ask("In which order are these discussed?", options=options)
    assert answer.option_index is not None and options[answer.option_index] == LISTS[0]
    assert [c.span.start_s for c in answer.citations] == [15.0, 420.0, 550.0]


@pytest.mark.parametrize(("which", "right"), [("first", "The bridge"), ("last", "The swimming pool")])
def test_of_options_that_are_events_the_earliest_or_latest_is_chosen(which: str, right: str) -> None:
    options = ["The library", "The swimming pool", "The bridge", "The video does not say"]
    answer = Desk(POOL).ask(f"Which of these is discussed {which}?", options=options)
    assert answer.option_index is not None and options[answer.option_index] == right


def test_the_source_that_the_question_names_decides() -> None:
    answer = Desk(POOL, SLIDES).ask("Which is written on the screen first, the library or the bridge?")
    assert answer.text == "The bridge at 1:28, before the library at 6:55."


def test_moments_of_different_videos_are_not_compared() -> None:
    desk = Desk(MEETING)
    other = desk.add("w", [(10.0, 12.0, "A submarine dives.")])
    answer = desk.ask("Which comes first, the submarine or the library?", videos=[desk.video, other])
    assert answer.status is AnswerStatus.NOT_IN_VIDEO and "different videos" in answer.text


def test_an_order_that_only_picture_tags_tell_is_a_guess() -> None:
    captions: list[Said] = [(10.0, 20.0, "Looks like: speedboat."), (40.0, 50.0, "Looks like: container ship.")]
    answer = Desk(captions=captions).ask("Which is shown first, the container ship or the speedboat?")
    assert answer.text == "Perhaps: The speedboat at 0:10, before the container ship at 0:40."
    assert answer.confidence < 0.5 and not any(citation.verified for citation in answer.citations)
