from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.wording import (
    clock,
    codes,
    contains_phrase,
    content_stems,
    coverage,
    is_misreading,
    is_negated,
    is_title,
    joined,
    names,
    quotations,
    stem,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("bridges", "bridge"), ("mentioned", "mention"), ("cities", "city"), ("stopped", "stop"), ("glazes", "glaze")],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_words_that_only_point_at_the_video_carry_no_meaning() -> None:
    assert content_stems("What does the presenter say in the video about the bridge?") == ["bridg"]


def test_coverage_counts_numbers_in_words_and_misread_letters() -> None:
    assert coverage(content_stems("8,000 writes"), "MySQL eight thousand writes") == 1.0
    assert coverage(content_stems("communism"), "the spectre of comrnunism") == 1.0
    assert coverage(content_stems("harbour noise"), "a bridge over the river") == 0.0


def test_a_misreading_never_changes_a_digit() -> None:
    assert is_misreading("goedegebure", "goedegebuie")
    assert not is_misreading("kx4471", "kx4417")
    assert not is_misreading("cat", "car")


def test_a_phrase_is_found_without_its_spaces_and_punctuation() -> None:
    assert contains_phrase("using Microsoft.Maui;", "usingMicrosoft.Maui")
    assert contains_phrase("Audible Socialism", "AUDIBLE SOC1ALISM")
    assert not contains_phrase("echo the light", "echo the way")


def test_names_are_words_with_a_capital_inside_a_sentence() -> None:
    assert names("The bridge is named after Elena Marsh. It uses SQLite.") == ["Elena", "Marsh", "SQLite"]
    assert names("What does she say?") == []


def test_a_title_is_told_from_a_sentence() -> None:
    assert all(is_title(text) for text in ("Joseph Hale", "Bank of England", "NASA"))
    assert not any(is_title(text) for text in ("Nobody tried it", "a foundry in Milton", "Miriam is not in Oakley"))


def test_codes_and_quotations_are_found() -> None:
    assert "KX-4471" in codes("Code: KX-4471")
    assert quotations('Which words follow "echo the alpha"?') == ["echo the alpha"]


def test_denials_are_noticed() -> None:
    assert is_negated("A fine was not discussed.")
    assert is_negated("It isn't safe.")
    assert not is_negated("Another note on knots.")


def test_lists_read_as_sentences() -> None:
    assert joined([]) == ""
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"


@given(st.floats(0, 360_000))
def test_a_clock_tells_the_whole_second(seconds: float) -> None:
    parts = [int(part) for part in clock(seconds).split(":")]
    total = 0
    for part in parts:
        total = total * 60 + part
    assert total == int(seconds)


def test_a_word_that_carries_no_meaning_is_not_taken_for_one_that_does() -> None:
    assert coverage(content_stems("herring"), "I keep the log here.") == 0.0
    assert coverage(content_stems("herring"), "Two tonnes of herring.") == 1.0
