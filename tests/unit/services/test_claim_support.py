"""A written sentence is kept only when quotes hold its numbers, names, codes, negations and words."""

from __future__ import annotations

import pytest

from app.core.types import Citation, SegmentKind, TimeSpan, VideoId
from app.services.claim_support import is_supported, keeps_facts

QUOTES = (
    "The lighthouse keeper counted three hundred and twelve ships in August.",
    "Mirela paints the KX-4471 pump, but she does not mend the broken wheel.",
    "We did not only close the northern gate; we also opened the southern one.",
)


def quoted(*texts: str) -> list[Citation]:
    return [Citation(VideoId("v"), TimeSpan(0, 1), SegmentKind.SPEECH, text) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "The lighthouse keeper counted 312 ships.",
        "The video shows how a lighthouse keeper counts ships.",
        "Mirela painted the pump KX-4471.",
        "Mirella paints the pump.",
        "She does not mend the wheel.",
        "The northern gate was closed.",
    ],
)
def test_what_the_quotes_say_is_supported(text: str) -> None:
    assert is_supported(text, quoted(*QUOTES))


@pytest.mark.parametrize(
    "text",
    [
        "The lighthouse keeper counted 313 ships.",
        "The lighthouse keeper counted twelve thousand ships.",
        "The lighthouse keeper Olaf counted ships.",
        "The old lighthouse keeper counted ships.",
        "The lighthouse keeper did not count ships in August.",
        "Mirela paints the KX-4472 pump.",
        "Mirela does not paint the pump.",
        "She mends the broken wheel.",
        "Penguins juggle violins.",
    ],
)
def test_what_the_quotes_do_not_say_is_not(text: str) -> None:
    assert not is_supported(text, quoted(*QUOTES))


def test_a_german_sentence_is_held_against_german_quotes() -> None:
    quotes = quoted("Der Leuchtturmwärter zählte im August dreihundertzwölf Schiffe.")
    assert is_supported("Der Leuchtturmwärter zählt 312 Schiffe.", quotes)
    assert not is_supported("Der Leuchtturmwärter zählt 313 Schiffe.", quotes)
    assert not is_supported("Der Leuchtturmwärter verkauft 312 Schiffe.", quotes)


def test_no_quotes_support_nothing() -> None:
    assert not is_supported("The gate was closed.", [])


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("The council postponed the hearing to May.", "Ms. Ortega moves that the council postpone the hearing to May."),
        ("The council has postponed the hearing.", "The council may postpone the hearing."),
        ("Ms. Ortega sent the revised plan.", "Ms. Ortega will send the revised plan."),
        ("The council closes the bridge.", "If it rains, the council closes the bridge."),
        ("The committee must repair the roof.", "The committee repairs the roof."),
        ("Mr. Ortega sends the plan.", "Ms. Ortega sends the plan."),
    ],
)
def test_what_is_only_proposed_possible_or_planned_is_not_supported_as_a_fact(text: str, quote: str) -> None:
    assert not is_supported(text, quoted(quote))
    assert not keeps_facts(text, quoted(quote))


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Ms. Ortega moves to postpone the hearing.", "Ms. Ortega moves that we postpone the hearing to May."),
        ("Ms. Ortega will send the plan.", "Ms. Ortega will send the revised plan by Friday."),
        ("The hearing was postponed.", "The hearing was postponed, but the vote on the budget will be in May."),
        ("Dr. Amadi counts ships.", "Dr. Amadi counts the ships. Ms. Ortega would like to help."),
    ],
)
def test_a_sentence_that_is_as_firm_as_its_quote_is_supported(text: str, quote: str) -> None:
    assert is_supported(text, quoted(quote))
