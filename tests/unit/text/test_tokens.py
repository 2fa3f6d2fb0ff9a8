from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.tokens import is_unspaced, stems, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Bridge's opening—at 9!", ["the", "bridge's", "opening", "at", "9"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("l\u2019homme don\u2019t", ["l", "homme", "don't"]),
        ("ｆｕｌｌ　ｗｉｄｔｈ １２", ["full", "width", "12"]),
        ("about 920,000 people", ["about", "920,000", "people"]),
        ("снимок №5", ["снимок", "no5"]),
        ("مُحَمَّد", ["محمد"]),
    ],
)
def test_words_are_normalised(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("桥什么时候", ["桥什", "什么", "么时", "时候"]),
        ("桥 iPhone手机", ["桥", "iphone", "手机"]),
        ("橋を渡る", ["橋を", "を渡", "渡る"]),
        ("다리는 언제", ["다리", "리는", "언제"]),
        ("สะพาน", ["สะ", "ะพ", "พา", "าน"]),
    ],
)
def test_scripts_without_spaces_come_as_pairs(text: str, expected: list[str]) -> None:
    assert words(text) == expected
    assert is_unspaced(expected[0])


def test_single_characters_come_too_for_an_index() -> None:
    assert words("大桥", single_characters=True) == ["大", "桥", "大桥"]


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("The bridges were opening.", "the bridge opens", "en"),
        ("die Brücken", "der Brücke", "de"),
        ("los puentes abiertos", "el puente abierto", "es"),
        ("мосты", "моста", "ru"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str, language: str) -> None:
    assert set(stems(one, language)) & set(stems(other, language))


def test_the_language_is_guessed_when_none_is_given() -> None:
    assert "bruck" in stems("Wann werden die Brücken geöffnet?")
    assert "bridg" in stems("When do the bridges open?")


def test_codes_and_characters_have_no_stem() -> None:
    assert stems("4471s 大桥", "en") == ["4471s", "大桥"]


@given(st.text())
def test_stems_are_as_many_as_words(text: str) -> None:
    assert len(stems(text, "en")) == len(words(text))


@given(st.text())
def test_words_hold_no_spaces_and_are_never_empty(text: str) -> None:
    assert all(word and not any(map(str.isspace, word)) for word in words(text, single_characters=True))
