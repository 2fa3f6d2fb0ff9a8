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
        (
            "The three telescopes\nHeron: mirror 2.4 m, built 1991\n• Wren: mirror 0.6 m\n• Plover: dish, built 2019",
            "telescopes",
            ["Heron", "Wren", "Plover"],
        ),
        ("Towns\n- Rome\n- Paris\n- Oslo", "towns", ["Rome", "Paris", "Oslo"]),
        ("The two towns\n- Rome\n- Paris, of course\n- both of them again", "towns", []),
        (
            "Contents\n• 1 The three telescopes\n• 2 A comet in March\n• 3 The long night\n• 4 Visitors",
            "telescopes",
            [],
        ),
        ("Our seven towns are Rome, Paris and Oslo.", "towns", []),
    ],
)
def test_a_list_counts_only_in_a_sentence_that_names_what_it_lists(text: str, noun: str, items: list[str]) -> None:
    assert listed(text, stem(noun)) == items
