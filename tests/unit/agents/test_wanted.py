from __future__ import annotations

import pytest

from agents.wanted import premise_stems, target_stems, wanted


@pytest.mark.parametrize(
    ("question", "fitting", "other"),
    [
        ("How much does the wheel cost?", "It costs forty euros.", "600 g of clay"),
        ("In which year was it born?", "In nineteen eighty six.", "In Berkeley."),
        ("Which web address is shown?", "www.fjordclay.example", "Fjord clay"),
        ("How high is the fine?", "Two hundred euros.", "It was postponed."),
        ("What is the name of her grandmother?", "She is called Astrid.", "her grandmother taught her"),
        ("At which temperature is it fired?", "1240 °C", "in the kiln"),
        ("Which code is shown?", "KX-4471", "the minutes"),
        ("On what date is it due?", "on the third of March", "in the library"),
    ],
)
def test_answers_have_the_shape_that_is_asked_for(question: str, fitting: str, other: str) -> None:
    shape = wanted(question)
    assert shape is not None
    assert shape.fits(fitting)
    assert not shape.fits(other)


def test_open_questions_take_any_shape() -> None:
    assert wanted("Why were the measurements lost?") is None


@pytest.mark.parametrize(
    ("question", "targets", "premises"),
    [
        ("Which operating system did the benchmark run on?", {"operat", "system"}, ["benchmark", "run"]),
        ("What is the last temperature shown on the screen?", {"temperatur"}, []),
        ("Why does she throw the cup?", set(), ["throw", "cup"]),
    ],
)
def test_the_noun_that_is_asked_for_is_no_premise(question: str, targets: set[str], premises: list[str]) -> None:
    assert target_stems(question) == targets
    assert premise_stems(question) == premises


def test_who_did_something_is_told_where_a_full_name_stands_that_is_not_the_thing_itself() -> None:
    shape = wanted("Who discovered the comet?")
    assert shape and not shape.strict
    assert shape.fits("Shortly before five Miriam Foster noticed the smudge.")
    assert not shape.fits("Comet Foster\nFound 11 March 2031")
    assert wanted("Who says that the road is closed?") is None
