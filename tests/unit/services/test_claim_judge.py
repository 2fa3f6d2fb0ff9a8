"""The judge of written sentences: exact differences never reach the model, and only a plain yes counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.types import Capabilities, Citation, Completion, SegmentKind, TimeSpan, VideoId
from app.services.claim_judge import can_write, judge_claims

QUOTE = Citation(
    VideoId("v"), TimeSpan(0, 5), SegmentKind.SPEECH, "Ms. Ortega moves that we postpone the hearing to May 12."
)
RIGHT = "Ms. Ortega moves to postpone the hearing."


class Replies:
    """A model that gives one reply and remembers what it was asked."""

    model = "replies"
    capabilities = Capabilities(context=32_000)

    def __init__(self, reply: str) -> None:
        self.reply = reply
        self.prompts: list[str] = []

    def chat(self, messages: Any, **_: object) -> Completion:
        self.prompts.append(messages[-1].text)
        return Completion(self.reply)


def verdicts(*given: tuple[int, str]) -> Replies:
    return Replies(json.dumps({"verdicts": [{"number": number, "verdict": verdict} for number, verdict in given]}))


def judged(model: Any, *texts: str) -> list[bool]:
    return judge_claims(model, [(text, [QUOTE]) for text in texts])


def test_a_plain_yes_supports_a_sentence_and_nothing_else_does() -> None:
    assert judged(verdicts((0, "yes"), (1, "unclear"), (2, "no")), RIGHT, RIGHT, RIGHT) == [True, False, False]
    assert judged(verdicts((0, "yes"), (0, "no")), RIGHT) == [False]
    assert judged(verdicts((7, "yes")), RIGHT) == [False]


@pytest.mark.parametrize(
    "text",
    [
        "Ms. Ortega has postponed the hearing.",
        "Mr. Ortega moves to postpone the hearing.",
        "Ms. Ortega moves to postpone the hearing to May 13.",
    ],
)
def test_another_modality_title_or_number_is_refused_without_asking(text: str) -> None:
    model = verdicts((0, "yes"))
    assert judged(model, text) == [False] and model.prompts == []


def test_a_sentence_without_quotes_is_not_supported() -> None:
    assert judge_claims(verdicts((0, "yes")), [(RIGHT, [])]) == [False]  # type: ignore[arg-type]


@pytest.mark.parametrize("reply", ["", "yes", "[]", '{"verdicts": [{"number": 0, "verdict": "certainly"}]}'])
def test_a_reply_that_is_no_verdict_supports_nothing(reply: str) -> None:
    assert judged(Replies(reply), RIGHT) == [False]


def test_small_models_write_nothing() -> None:
    small = Replies("")
    small.capabilities = Capabilities(context=4096)
    assert can_write(Replies("")) and not can_write(small) and not can_write(None)  # type: ignore[arg-type]
