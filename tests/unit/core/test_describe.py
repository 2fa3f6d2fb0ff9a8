"""Every event reads as a line that a person understands."""

from __future__ import annotations

from typing import get_args

import pytest

from app.core.describe import describe, explain_status
from app.core.events import (
    Answered,
    Called,
    Delta,
    Drafted,
    Event,
    Failed,
    Heard,
    Hit,
    IngestFinished,
    Inspected,
    Planned,
    Searched,
    StageFinished,
    StageProgress,
    StageStarted,
    ToolStarted,
    Understood,
    Verified,
    Warned,
)
from app.core.types import AnswerStatus, TimeSpan

SPAN = TimeSpan(65, 3723)
HIT = Hit("E1", "v", SPAN, "speech", "Hello.")
LINES: list[tuple[Event, str]] = [
    (StageStarted("transcribe", 60, "s"), "Transcribing speech"),
    (StageProgress("transcribe", 15, 60, "s"), "Transcribing speech: 25%"),
    (StageProgress("rare_stage", 1, 0, "s"), "Rare stage"),
    (StageFinished("index", 2.0), "Indexing: done"),
    (IngestFinished("v", "Film", 60, 9), "Film is ready"),
    (Heard("v", SPAN, ()), "Heard what is said from 1:05 to 1:02:03"),
    (Warned("A microphone was off."), "A microphone was off."),
    (Understood("And then?", "What follows?"), "Understood as “What follows?”"),
    (Planned("loop"), "The model chooses each step"),
    (
        Planned("pipeline", "a small model", ("who", "when"), ("speech", "visual", "caption"), SPAN),
        "Answering in a few fixed steps (a small model); searches for “who”, “when”; only what is said, shown; "
        "only from 1:05 to 1:02:03",
    ),
    (ToolStarted("search", "who"), "Searching (who)"),
    (ToolStarted("weigh_up", ""), "Using weigh up"),
    (Called("browse", "", "3 chapters"), "Read the overview"),
    (
        Called("look", "1:00-2:00", "no pictures", refused=True),
        "Looking at the pictures (1:00-2:00) was not possible: no pictures",
    ),
    (Searched("who", (HIT,)), "Searched for “who”: 1 moment"),
    (Searched("who", ()), "Searched for “who”: 0 moments"),
    (Inspected("v", SPAN, "look", (70.0, 80.0), (HIT,)), "Looked at 2 frames from 1:05 to 1:02:03: 1 finding"),
    (Inspected("v", SPAN, "read_text"), "Read the text on screen from 1:05 to 1:02:03: nothing new"),
    (Inspected("v", SPAN, "transcribe"), "Listened again from 1:05 to 1:02:03: nothing new"),
    (Drafted((("a", ("E1",)),), "model"), "Wrote an answer with 1 claim"),
    (Verified("It is red.", "yes", ""), "Checked “It is red.”: supported"),
    (Verified("It is red.", "unclear", "it is dark"), "Checked “It is red.”: not certain (it is dark)"),
    (Verified("It is red.", "no", "it is blue"), "Checked “It is red.”: not supported (it is blue)"),
    (Delta("It is "), "It is "),
    (Answered(), "Answered"),
    (Failed("worker_failed", "It broke.", "Ask again."), "It broke. Ask again."),
]  # fmt: skip


@pytest.mark.parametrize(("event", "line"), LINES)
def test_an_event_reads_as_a_line(event: Event, line: str) -> None:
    assert describe(event) == line


def test_every_kind_of_event_is_described() -> None:
    assert {type(event) for event, _ in LINES} == set(get_args(Event))


def test_long_arguments_are_cut_to_a_line() -> None:
    line = describe(ToolStarted("search", "word\n" * 200))
    assert "\n" not in line and line.endswith("…)") and len(line) < 200


def test_a_refusal_says_what_was_searched_or_what_it_would_take() -> None:
    searched, missing = ("what is said", "32 frames"), ("Set a vision model to look at the pictures.",)
    refused, open_ = AnswerStatus.NOT_IN_VIDEO, AnswerStatus.INSUFFICIENT
    assert explain_status(refused, searched, ()) == "Searched: what is said; 32 frames."
    assert explain_status(open_, searched, missing) == "To decide this: Set a vision model to look at the pictures."
    assert explain_status(AnswerStatus.ANSWERED, searched, ()) == ""
    assert explain_status(AnswerStatus.ANSWERED, searched, ("A part is left out.",)) == "A part is left out."
    assert explain_status(refused, (), missing) == explain_status(open_, searched, ()) == ""
