from __future__ import annotations

import pytest

from agents.state import Passage
from agents.verification import best_units, check, is_only_spoken_of, said_by
from app.core.types import SegmentKind, TimeSpan, VideoId


def passage(*sentences: str, kind: SegmentKind = SegmentKind.SPEECH) -> Passage:
    units = tuple((TimeSpan(10.0 * i, 10.0 * i + 8), text) for i, text in enumerate(sentences))
    span = TimeSpan(0.0, 10.0 * len(sentences) - 2)
    return Passage("E1", VideoId("v"), kind, span, " ".join(sentences), 0.7, None, units)


BRIDGE = passage("Seven members are in favour, two are against.", "The bridge is named after Elena Marsh.")


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Seven members voted in favour.", BRIDGE),
        ("7 members were in favour.", BRIDGE),
        ("It is named after Elena Marsh.", BRIDGE),
        ("The code is KX-4471.", passage("Minutes: council.example Code: KX-4471", kind=SegmentKind.SCREEN_TEXT)),
        ("The director is Sacha Goedegebure.", passage("Director SACHA GOEDEGEBUIE", kind=SegmentKind.SCREEN_TEXT)),
        ("The fine was not discussed.", passage("A fine was not discussed.")),
        ("It reached fourteen thousand writes.", passage("PostgreSQL 14,000 writes")),
    ],
)
def test_a_claim_that_the_evidence_holds_is_supported(claim: str, evidence: Passage) -> None:
    assert check(claim, [evidence]).supported


@pytest.mark.parametrize(
    ("claim", "evidence", "reason"),
    [
        ("Eight members were in favour.", BRIDGE, "number 8"),
        ("The bridge is named after Helga Marsh.", BRIDGE, "name Helga"),
        ("The code is KX-4417.", passage("Code: KX-4471"), "4417"),
        ('He said "build two bridges" to the members in favour.', BRIDGE, "quotation"),
        ("The fine was discussed.", passage("A fine was not discussed."), "negation"),
        ("The mill will not stay where it is.", passage("The mill will stay where it is."), "negation"),
        ("Miriam is in Oakley.", passage("Miriam is not in Oakley."), "negation"),
        ("The river floods every spring and ruins crops.", BRIDGE, "words"),
        ("Anything at all.", passage(""), "no evidence"),
    ],
)
def test_a_claim_that_says_something_else_is_not_supported(claim: str, evidence: Passage, reason: str) -> None:
    verdict = check(claim, [evidence])
    assert not verdict.supported
    assert reason in verdict.reason


COMETS = "She was not looking for comets at all, she was checking whether a cable had come loose."
PUMP = "The pump is not new, but the engine was bought in May."


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("whether a cable had come loose", COMETS),
        ("She was checking whether a cable had come loose.", COMETS),
        ("She was not looking for comets.", COMETS),
        (COMETS, COMETS),
        ("The engine was bought in May.", PUMP),
        ("The pump is not new.", PUMP),
        ("We're open on Sunday.", "Nobody works here on Saturday; we're open on Sunday."),
        ("They repair clocks.", "They repair not only clocks."),
        ("No, it is closed.", "No, it is closed."),
    ],
)
def test_a_denial_reaches_no_further_than_its_clause(claim: str, evidence: str) -> None:
    assert check(claim, [passage(evidence)]).supported


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("She was looking for comets.", COMETS),
        ("She was not checking whether a cable had come loose.", COMETS),
        ("The pump is new.", PUMP),
        ("The engine was not bought in May.", PUMP),
        ("The council will paint the bridge.", "The council will not widen, strengthen or paint the bridge."),
        ("You should drive home.", "I do not think that, when it rains, you should drive home."),
    ],
)
def test_a_denial_reaches_to_the_end_of_its_clause(claim: str, evidence: str) -> None:
    verdict = check(claim, [passage(evidence)])
    assert not verdict.supported
    assert "negation" in verdict.reason


def test_what_a_claim_repeats_from_the_question_need_not_be_in_the_evidence() -> None:
    evidence = passage("It is due on the third of March.")
    assert not check("Professor Lindqvist wants homework 12 on the third of March.", [evidence]).supported
    question = "When does Professor Lindqvist want homework 12?"
    assert check("Professor Lindqvist wants homework 12 on the third of March.", [evidence], question).supported


def test_a_passage_is_narrowed_to_the_sentence_that_carries_the_claim() -> None:
    long = passage("We are nine members tonight.", "The bridge is named after Elena Marsh.", "We vote on the bridge.")
    narrow = best_units("named after Elena Marsh", long)
    assert narrow.text == "The bridge is named after Elena Marsh."
    assert narrow.span == TimeSpan(10.0, 18.0)


def test_a_person_who_is_only_spoken_of_says_nothing() -> None:
    assert said_by("What does Councillor Abara say about the bridge?") == "Councillor Abara"
    assert said_by("What does she say about the bridge?") == ""
    assert is_only_spoken_of("Councillor Abara", "We are nine tonight, Councillor Abara is ill.")
    assert not is_only_spoken_of("Councillor Weiss", "Councillor Weiss says that the staff has not been asked.")
    assert not is_only_spoken_of("Ingrid", "My name is Ingrid Halvorsen.")
    assert not is_only_spoken_of("Ingrid", "I do not use lead glazes.")


def test_a_name_alone_denies_nothing() -> None:
    told = passage("Miriam Foster noticed a smudge that had not been there the night before.")
    assert check("Miriam Foster", [told]).supported
