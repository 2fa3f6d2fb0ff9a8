from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.query import coverage, likeness, other_forms, parse, plain_words, squeezed


def test_a_question_is_read_with_its_language() -> None:
    query = parse("Wann wird die Brücke wieder geöffnet?")
    assert query.language == "de"
    assert query.words == ("wann", "wird", "die", "brücke", "wieder", "geöffnet")


def test_other_forms_are_stems_in_the_language_and_in_english() -> None:
    assert other_forms(["brücken", "opening"], "de") == ["bruck", "open"]
    assert other_forms(["bridge"], "") == ["bridg"]
    assert other_forms(["大桥"], "zh") == []


def test_codes_become_phrases() -> None:
    assert parse("What does C-c l v do?").phrases == ("C-c", "C-c l v")
    assert parse("at 416x234, frame 026973?").phrases == ("416x234", "026973")
    assert parse("Is .NET or C++ in U+1F600?").phrases == (".NET", "C++", "U+1F600")


def test_plain_words_are_no_phrases() -> None:
    assert parse("Who is the author's friend, really?").phrases == ()


def test_quoted_parts_become_phrases() -> None:
    assert parse('the "old bridge" and “new road”').phrases == ("old bridge", "new road")


def test_names_that_live_by_their_signs_are_spelt_out() -> None:
    assert plain_words(".NET and C#") == ["net", "dotnet", "and", "c", "csharp"]


def test_glued_and_separated_names_are_equal_when_squeezed() -> None:
    assert squeezed("Microsoft.Maui") == squeezed("microsoft Maui") == "microsoftmaui"


def test_a_misread_name_is_alike_and_another_is_not() -> None:
    assert likeness("goedegebuure", squeezed("Director Sacha Goedegebune")) > 0.8
    assert likeness("goedegebuure", squeezed("the quick brown fox")) < 0.5


def test_coverage_is_the_share_of_the_letters_of_words_found() -> None:
    query = parse("red car bridge")
    assert coverage(query, "two red cars") == pytest.approx(6 / 12)
    assert coverage(query, "nothing") == 0
    assert coverage(query, "A red car on the bridges") == 1


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_read_and_coverage_stays_between_0_and_1(question: str, text: str) -> None:
    assert 0 <= coverage(parse(question), text) <= 1
    " ".join(plain_words(text)).encode("utf-8")
