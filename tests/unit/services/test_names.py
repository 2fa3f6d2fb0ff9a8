"""Names in what is said and written: what the rules take for one, and what they leave alone."""

from __future__ import annotations

import time

import pytest

from app.services.names import in_capitals, is_list_of_names, names_said, names_written, small_words, written_small


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("Our engineer Robert Harrison repaired the pump.", ["Robert Harrison"]),
        ("Miriam Foster, Hannah Baker and Ruth Palmer came.", ["Miriam Foster", "Hannah Baker", "Ruth Palmer"]),
        ("It was paid by the County of Northmoor.", ["County of Northmoor"]),
        ("Gregor Vale of Bramhaven spoke.", ["Gregor Vale"]),
        ("Vincent van Gogh's brother met Émile Zola\u2019s friend.", ["Vincent van Gogh", "Émile Zola"]),
        ("Stone came from St. Elmo by Dr. J. Weiss.", ["St. Elmo", "Dr. J. Weiss"]),
        ("The Goldman Foundation closed the gap.", ["Goldman Foundation"]),
        ("“Jean-Luc Picard” said so. Tom O'Neill did not.", ["Jean-Luc Picard", "Tom O'Neill"]),
        ("Потом пришёл Иван Петров из Москвы.", ["Иван Петров"]),
        ("The winner, Hannah Baker, thanked Hannah Baker.", ["Hannah Baker"]),
    ],
)
def test_a_name_is_a_run_of_capitalised_words(sentence: str, names: list[str]) -> None:
    assert names_said(sentence, set()) == names


@pytest.mark.parametrize(
    "sentence",
    [
        "Heron cannot see as deep as a telescope in space.",
        "Come on the first Saturday Ring warm shoes.",
        "Thank You. Part Two is about English French and German.",
        "I think Monday May be fine, but March Second will do.",
        "NASA and the BBC sent a letter.",
        "We use the New Product Development Process.",
        "Ann Bea Cleo Dora Eve Fay came.",
        "schreib es klein, alles klein.",
        "今天 我们 谈谈 图书馆",
        "FlyC VOuc and GPT LLM",
    ],
)
def test_ordinary_words_in_capitals_are_no_names(sentence: str) -> None:
    assert names_said(sentence, set()) == []


def test_words_that_the_video_also_writes_small_make_no_name_alone() -> None:
    small = small_words(["The dome motor failed at the harbour college; see log@varden-ridge.example."])
    assert {"dome", "motor"} <= small and not {"varden", "ridge", "The"} & small
    assert names_said("Then the Dome Motor failed at Milton College.", small) == ["Milton College"]


def test_short_lines_of_a_screen_are_read_one_by_one() -> None:
    text = "Director: Aurel Santini\n• Cook and driver: Pauline Quince\nby Karl Marx&Friedrich Engels\nTom Kezs:"
    assert names_written(text, set()) == ["Aurel Santini", "Pauline Quince", "Karl Marx", "Friedrich Engels"]


def test_capitals_are_names_before_a_role_and_headings_elsewhere() -> None:
    text = "BRECHT VAN LOMMEL Technical Director\nCHARACTER MODELING\nNTSC SQUARE 416"
    assert names_written(text, set()) == ["Brecht van Lommel"]
    assert in_capitals("TOM HALE") == "TOM HALE" and in_capitals("Tom Hale") == ""
    assert written_small("TON VAN HEYST") == "Ton van Heyst"


def test_long_lists_of_names_do_not_tell_where_one_ends() -> None:
    crowd = "Dag Jensen Rimstad Dalai Felinto Daniel Boyle Daniel Brylka Dan Cordero"
    assert names_written(f"Kent Mein\n{crowd}", set()) == []
    prose = "When you call a model it only sends the region that Kent Mein has chosen."
    assert names_written(f"Kent Mein\n{prose}", set()) == ["Kent Mein"]


@pytest.mark.parametrize(
    "text",
    [
        "THE FIVE RULES OF SAFE WORK IN HIGH PLACES AND WHAT THEY MEAN FOR YOU TODAY",
        "Die Kosten der Neuen Brücke steigen um fünf Prozent und die Stadt Varden zahlt die Hälfte",
        "How to Build a Boat in Ten Days and What It Costs to Keep It on the Water",
        "Tom Hale Anna Berg",
    ],
)
def test_a_heading_or_a_sentence_is_no_list_of_names(text: str) -> None:
    assert not is_list_of_names(text) and not is_list_of_names(text, goes_on=True)


def test_a_long_text_without_spaces_takes_no_longer_than_its_length() -> None:
    began = time.monotonic()
    assert small_words(["_" * 100_000 + " tea a.b@c"]) == {"tea"}
    assert time.monotonic() - began < 5.0
