from __future__ import annotations

import itertools
import json

import pytest

from agents.choice import asks_for_the_odd_one, literal_support, none_option
from app.core.settings import Agent
from app.core.types import AnswerStatus
from gpu_workers.language.fakes import FakeLanguageModel
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import Desk, Said

TALK: list[Said] = [
    (10.0, 14.0, "In our benchmark PostgreSQL reached fourteen thousand writes per second."),
    (15.0, 18.0, "SQLite reached nine hundred writes per second."),
    (60.0, 64.0, "We lost the measurements because nobody had tested the backups."),
]
ECHO: list[Said] = [
    (2.0, 4.0, "echo the life"),
    (4.0, 6.0, "echo the GOSPEL"),
    (6.0, 8.0, "echo the truth"),
]


@pytest.mark.parametrize("order", list(itertools.permutations(["SQLite", "PostgreSQL", "Oracle"])))
def test_the_place_of_an_option_does_not_matter(order: tuple[str, ...]) -> None:
    answer = Desk(TALK).ask("Which database reached fourteen thousand writes per second?", options=order)
    assert answer.option_index == order.index("PostgreSQL")
    assert answer.text == "PostgreSQL"
    assert answer.citations[0].span.start_s == 10.0


def test_nothing_is_chosen_when_nothing_is_known() -> None:
    answer = Desk().ask("Which colour is the car?", options=["Red", "Blue"])
    assert answer.option_index is None
    assert answer.status is not AnswerStatus.ANSWERED


@pytest.mark.parametrize("none", ["The video does not show or say this", "Cannot be answered: no speech can be heard"])
def test_the_option_that_the_video_does_not_tell_is_chosen_when_no_other_is_supported(none: str) -> None:
    for options in (["Bitter", none, "Sweet"], [none, "Bitter", "Sweet"]):
        answer = Desk(TALK).ask("What does the captain say about the storm?", options=options)
        assert answer.option_index == options.index(none)
        assert answer.status is AnswerStatus.NOT_IN_VIDEO


def test_a_name_is_not_chosen_only_because_it_stands_in_the_video() -> None:
    speech: list[Said] = [*TALK, (90.0, 94.0, "Joseph Hale wound every clock in Milton.")]
    options = ["Theodore Kline", "The video does not say this", "Joseph Hale", "Miriam Foster"]
    model = FakeLanguageModel(rule=lambda messages, schema: json.dumps({"answer": "Joseph Hale"}))
    desk = Desk(speech, model=model)
    wrong = desk.ask("What is the name of the captain of the fishing boat?", options=options)
    assert wrong.status is not AnswerStatus.ANSWERED and wrong.option_index == 1
    assert desk.ask("Who wound every clock in Milton?", options=options).option_index == 2


def test_the_model_decides_between_options_that_words_do_not_tell_apart() -> None:
    model = FakeLanguageModel(rule=lambda messages, schema: json.dumps({"answer": "Nobody tried the backups"}))
    options = ["The network failed", "Nobody tried the backups", "A fire broke out"]
    answer = Desk(TALK, model=model).ask("Why were the measurements lost?", options=options)
    assert answer.option_index == 1


def test_options_that_the_video_names_alike_are_not_told_to_be_missing_when_no_model_had_the_time() -> None:
    card: list[Said] = [(5.0, 8.0, "SACHA BERG Director\nANDREA GRAL Art Director\nENRICO VALE Lead Artist")]
    desk = Desk(screen=card, settings=Agent(max_seconds=0.000_1), model=FakeLanguageModel())
    answer = desk.ask("Who is credited as the Director?", options=["Andrea Gral", "Enrico Vale", "Sacha Berg"])
    assert answer.status is AnswerStatus.INSUFFICIENT and "Several of the options stand in the video" in answer.text


def test_the_option_that_is_not_there_is_found() -> None:
    assert asks_for_the_odd_one('Which of these is NOT one of the "echo the ..." lines?')
    answer = Desk(screen=ECHO).ask(
        'Which of these is NOT one of the "echo the ..." lines?',
        options=["echo the life", "echo the light", "echo the GOSPEL", "echo the truth"],
    )
    assert answer.option_index == 1


def test_options_that_refuse_are_recognised() -> None:
    assert none_option(["Red", "The video does not show or say this"]) == 1
    assert none_option(["Cannot be answered: there is no spoken dialogue", "Leave me alone"]) == 0
    assert none_option(["No, it stays", "Yes"]) is None


@pytest.mark.parametrize(
    ("option", "text", "least", "most"),
    [
        ("Sacha Goedegebure", "Director SACHA GOEDEGEBURE", 1.0, 1.0),
        ("6", "in English, French, German", 0.0, 0.0),
        ("Twenty-three", "23 complaints", 1.0, 1.0),
        ("026973", "00:14:59 026970", 0.8, 0.99),
        ("echo the light", "echo the life", 0.0, 0.7),
    ],
)
def test_an_option_is_supported_by_its_words(option: str, text: str, least: float, most: float) -> None:
    assert least <= literal_support(option, text) <= most


@pytest.mark.parametrize("options", [["Twice", "Three times", "5", "Eleven"], ["3", "13", "2 times", "once"]])
def test_how_often_is_chosen_by_counting(options: list[str]) -> None:
    answer = Desk(MEETING, SLIDES).ask('How many times is "library" mentioned in speech?', options=options)
    assert answer.option_index is not None and options[answer.option_index] in ("Three times", "3")
    assert len(answer.citations) == 3


def test_a_count_that_no_option_names_is_not_forced() -> None:
    answer = Desk(MEETING, SLIDES).ask('How many times is "library" mentioned in speech?', options=["Nine", "Seven"])
    assert answer.option_index is None
