from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.fuzzy import contains, likeness

TEXT = "So the bridge opens at nine, says Ms. Okafor. The museum is closed on Mondays."


@pytest.mark.parametrize("quote", ["The bridge opens at nine", "the BRIDGE opens, at nine!", "Okafor. The museum"])
def test_a_quotation_is_found_whatever_its_signs_and_case(quote: str) -> None:
    assert contains(quote, TEXT) == 1.0


def test_a_misheard_letter_costs_little_and_another_sentence_much() -> None:
    assert 0.9 < contains("the bridge opens at nina", TEXT) < 1.0
    assert contains("the train leaves from platform four", TEXT) < 0.6


def test_a_short_word_inside_another_is_not_found() -> None:
    assert contains("art", "a party") < 0.9
    assert contains("art", "modern art") == 1.0


def test_a_text_inside_its_own_quotation_proves_nothing() -> None:
    assert contains("the bridge opens at nine on every day but Sunday", "the bridge") < 0.5


def test_a_quotation_is_found_in_a_script_without_spaces() -> None:
    assert contains("什么时候", "桥什么时候开？") == 1.0


def test_likeness_compares_whole_strings() -> None:
    assert likeness("Harbor Bridge", "harbor bridge!") == 1.0
    assert likeness("Harbor Bridge", "Harbour Bridge") > 0.9
    assert likeness("", "bridge") == 0.0


@given(st.text(), st.text())
def test_every_value_is_a_share(quote: str, text: str) -> None:
    assert 0.0 <= contains(quote, text) <= 1.0
