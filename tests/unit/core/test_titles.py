"""A title is one line in one direction."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.titles import LONGEST, tidy_title


@pytest.mark.parametrize(
    ("given", "tidy"),
    [
        ("Council\nsession\r\nof 3 May", "Council session of 3 May"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("invoice\u202e4pm.exe", "invoice4pm.exe"),
        ("\u2066Harbour\u2069 \u200fBridge", "Harbour Bridge"),
        ("tab\there\x00\x1b[31m", "tab here [31m"),
        ("\ufeffTalk\u200b 7", "Talk 7"),
        ("  two   spaces ", "two spaces"),
        ("caf\udce9", "caf?"),
        ("\n\u202e ", ""),
    ],
)
def test_line_breaks_and_directions_leave_a_title(given: str, tidy: str) -> None:
    assert tidy_title(given) == tidy


@pytest.mark.parametrize(
    "title", ["می‌خواهم", "👩‍🚀 in space", "הגשר", "橋の費用", 'a/b\\c:d*e?f"g<h>i|j', "İstanbul", "e\u0301te\u0301"]
)
def test_every_script_and_sign_stays(title: str) -> None:
    assert tidy_title(title) == title


@given(st.text())
def test_any_text_becomes_one_line_and_stays_it(text: str) -> None:
    title = tidy_title(text)
    assert title == tidy_title(title) and len(title) <= LONGEST and title.splitlines() == ([title] if title else [])
    assert all(unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp") for character in title)


@pytest.mark.parametrize(
    "hidden",
    ["\u200b\u200b", "\u3164", "\u2800", "\u200d", "\ufe0f", "\U000e006f\U000e0062"],
)
def test_what_shows_nothing_is_no_title_and_hides_in_none(hidden):
    assert tidy_title(hidden) == "" and tidy_title(f"Council{hidden} session").replace(hidden, "") == "Council session"
