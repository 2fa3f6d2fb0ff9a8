from __future__ import annotations

import pytest

from agents.listing import listed
from agents.wording import stem


@pytest.mark.parametrize(
    ("text", "noun", "items"),
    [
        ("The tools are a hammer, a saw and a drill.", "tools", ["hammer", "saw", "drill"]),
        ("It has three parts: the head, the body and the tail.", "parts", ["head", "body", "tail"]),
        ("We stopped in the cities Rome, Paris, and Oslo.", "cities", ["Rome", "Paris", "Oslo"]),
        (
            "It was printed in the English, French. German, Danish and Dutch languages.",
            "languages",
            ["English", "French", "German", "Danish", "Dutch"],
        ),
        ("He speaks of languages, which he loves, and of food.", "languages", []),
        ("Rome, Paris and Oslo are far away.", "tools", []),
        ("The county pays sixty percent of that.", "county", []),
    ],
)
def test_a_list_counts_only_in_a_sentence_that_names_what_it_lists(text: str, noun: str, items: list[str]) -> None:
    assert listed(text, stem(noun)) == items
