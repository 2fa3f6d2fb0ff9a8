"""Which option of a multiple-choice question a model means."""

from __future__ import annotations

import pytest

from app.text.options import option_place

COLOURS = ("red", "blue-green", "yellow")
DISTANCES = ("10 km", "25 km", "30 km")


@pytest.mark.parametrize(
    "text",
    ["B", "b.", "(B)", "**B**", "B) blue", "B. blue", "B: blue", "(B) blue", "b - blue", "Option B", "option B: blue"],
)
def test_an_option_is_named_by_its_letter(text: str) -> None:
    assert option_place(text, ["red", "sky", "grey"]) == 1


@pytest.mark.parametrize(
    ("text", "options", "place"),
    [
        ("Yellow", COLOURS, 2),
        ("blue", COLOURS, 1),
        ("25", DISTANCES, 1),
        ("yes", ("No", "Yes, no doubt"), 1),
        ("no", ("No", "Yes, no doubt"), 0),
        ("蓝", ("红色", "蓝"), 1),
        ("蓝色", ("红色的车", "蓝色的车"), 1),
        ("a red house", ("a blue house", "a red house by the sea"), 1),
        ("a red house", ("red", "blue"), None),
    ],
)
def test_an_option_is_named_by_its_text_or_by_words_of_it(text: str, options: tuple[str, ...], place: int) -> None:
    assert option_place(text, options) == place


@pytest.mark.parametrize(
    ("text", "options"), [("-", COLOURS), ("2", DISTANCES), ("", COLOURS), ("e", DISTANCES), ("D", COLOURS)]
)
def test_a_sign_or_a_single_character_of_a_text_names_none(text: str, options: tuple[str, ...]) -> None:
    assert option_place(text, options) is None
