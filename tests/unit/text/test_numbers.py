from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.numbers import codes, numbers


def values(text: str, language: str = "") -> list[float]:
    return [number.value for number in numbers(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("about 920,000 people and 3.5 dogs", [920_000, 3.5]),
        ("Es kostet 1.234,5 Euro oder 3,5 Millionen.", [1234.5, 3_500_000]),
        ("Il y a 920\u202f000 habitants dans la ville.", [920_000]),
        ("fourteen thousand two hundred people", [14_200]),
        ("three point five million people", [3_500_000]),
        ("twenty-five dogs in nineteen eighty six", [25, 1986]),
        ("dreihundertfünfundzwanzig Hunde und drei Komma fünf Katzen", [325, 3.5]),
        ("catorce mil doscientos veintiuno perros", [14_221]),
        ("quatre-vingt-dix-sept chiens sont là", [97]),
        ("他有三万二千只狗和二十五只猫", [32_000, 25]),
        ("一共有3.5万人", [35_000]),
        ("三个人一起走", [3]),
        ("百二十円と１２３円", [120, 123]),
        ("it fell to -5 degrees, between 10-20 knots", [-5, 10, 20]),
        ("the lists 1,2,3", [1, 2, 3]),
        ("600g at 25fps, a 5-year-old", [600, 25, 5]),
    ],
)
def test_numbers_are_read(text: str, expected: list[float]) -> None:
    assert values(text) == expected


def test_the_language_decides_what_a_point_means() -> None:
    assert values("1.234", "de") == [1234]
    assert values("1.234", "en") == [1.234]


def test_half_of_a_surrogate_pair_hides_no_number() -> None:
    assert values("\ud83d twenty-five dogs") == [25]


def test_the_lone_word_for_one_is_no_number() -> None:
    assert values("the red one", "en") == []
    assert values("un perro", "es") == []
    assert values("1 dog", "en") == [1]


def test_places_in_an_order_are_marked() -> None:
    (number,) = numbers("the third person", "en")
    assert (number.value, number.text, number.ordinal) == (3, "third", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Part 4471-B at 416x234 and U+1F600", ["4471-B", "416x234", "U+1F600"]),
        ("open src/app/main.py or foo_bar in C++ and C#", ["src/app/main.py", "foo_bar", "C++", "C#"]),
        ("the server 192.168.0.1 runs H.264", ["192.168.0.1", "H.264"]),
    ],
)
def test_codes_are_found(text: str, expected: list[str]) -> None:
    assert codes(text) == expected
    assert not [number for number in numbers(text, "en") if number.text in "".join(expected)]


@pytest.mark.parametrize(
    "text", ["600g at 25fps", "the 20th and the 1980s", "and/or", "e.g. the U.S.", "well-known 3.5", "12:30"]
)
def test_amounts_and_abbreviations_are_no_codes(text: str) -> None:
    assert codes(text) == []


@given(st.integers(0, 10**9))
def test_an_integer_is_read_back_with_and_without_commas(value: int) -> None:
    assert values(f"there are {value} of them", "en") == [value]
    assert values(f"there are {value:,} of them", "en") == [value]


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert all(number.text for number in numbers(text))
    assert all(codes(text)) or not codes(text)
