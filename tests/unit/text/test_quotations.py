"""Terms in quotation marks."""

from __future__ import annotations

import pytest

from app.text.quotations import quoted_terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("How often is 'the' said?", ["the"]),
        ('He says "you know" and "well".', ["you know", "well"]),
        ("Wie oft fällt „Kosten“ oder »also«?", ["Kosten", "also"]),
        ("Combien de fois dit-il « voilà » ?", ["voilà"]),
        ("“谢谢”说了多少次？", ["谢谢"]),
        ("「ありがとう」は何回?", ["ありがとう"]),
        ("What's the author's name?", []),
        ("It's the boys' room.", []),
    ],
)
def test_terms_are_found_in_any_marks_and_apostrophes_are_none(text: str, terms: list[str]) -> None:
    assert quoted_terms(text) == terms
