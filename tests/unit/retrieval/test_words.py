from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.words import coverage, likeness, parse, spaced, squeezed


def test_content_words_stay_and_stop_words_go() -> None:
    assert parse("What does the whale eat?").words == ("whale", "eat")


def test_codes_become_phrases() -> None:
    assert parse("What does C-c l v do?").phrases == ("C-c l v",)
    assert parse("at 416x234, frame 026973?").phrases == ("416x234", "026973")
    assert parse("Is .NET or C++ in U+1F600?").phrases == (".NET", "C++", "U+1F600")


def test_plain_words_are_no_phrases() -> None:
    assert parse("Who is the author's friend, really?").phrases == ()


def test_quoted_parts_become_phrases() -> None:
    assert parse('the "old bridge" and “new road”').phrases == ("old bridge", "new road")


def test_names_that_live_by_their_signs_are_spelt_out() -> None:
    assert spaced(".NET and C#").split() == [".NET", "dotNET", "and", "C#", "Csharp"]


def test_glued_and_separated_names_are_equal_when_squeezed() -> None:
    assert squeezed("Microsoft.Maui") == squeezed("microsoft Maui") == "microsoftmaui"


def test_a_misread_name_is_alike_and_another_is_not() -> None:
    assert likeness("goedegebuure", squeezed("Director Sacha Goedegebune")) > 0.8
    assert likeness("goedegebuure", squeezed("the quick brown fox")) < 0.5


def test_coverage_is_the_share_of_words_found() -> None:
    query = parse("red car bridge")
    assert coverage(query, "two red cars") == pytest.approx(2 / 3)
    assert coverage(query, "nothing") == 0
    assert coverage(query, "A red car on the bridges") == 1


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_read_and_coverage_stays_between_0_and_1(question: str, text: str) -> None:
    assert 0 <= coverage(parse(question), text) <= 1
    spaced(text).encode("utf-8")
