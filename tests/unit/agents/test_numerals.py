from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.numerals import numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fourteen thousand writes", [14_000]),
        ("14,000 writes", [14_000]),
        ("two point four million euros", [2_400_000]),
        ("€2.4 million", [2_400_000]),
        ("born in nineteen eighty six", [1986]),
        ("nine hundred and fifty degrees", [950]),
        ("twelve hundred and forty", [1240]),
        ("twenty-three complaints", [23]),
        ("seven in favour, two against", [7, 2]),
        ("the third of March", [3]),
        ("three thousand and five", [3005]),
        ("salt and pepper", []),
        ("", []),
    ],
)
def test_numbers_are_read_in_words_and_in_digits(text: str, values: list[float]) -> None:
    assert numbers(text) == values


@given(st.integers(0, 10**9))
def test_digits_with_and_without_separators_are_the_same_number(value: int) -> None:
    assert numbers(f"about {value} of them") == numbers(f"about {value:,} of them") == [float(value)]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert all(isinstance(value, float) for value in numbers(text))
