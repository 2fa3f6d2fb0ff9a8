"""A summary is cited only for what nothing narrower tells."""

from __future__ import annotations

from agents.nodes.answer import narrowed
from agents.state import Passage
from app.core.types import SegmentKind, TimeSpan, VideoId

VIDEO = VideoId("v" * 64)
SUMMARY = Passage("E1", VIDEO, SegmentKind.SUMMARY, TimeSpan(150, 270), "Ann Lee noticed the smudge. It returns.", 0.9)
SPEECH = Passage("E2", VIDEO, SegmentKind.SPEECH, TimeSpan(160, 168), "Then Ann Lee noticed the smudge.", 0.7)
LATER = Passage("E3", VIDEO, SegmentKind.SPEECH, TimeSpan(400, 408), "Ann Lee noticed the smudge again.", 0.8)


def test_the_sentence_itself_is_cited_in_place_of_a_summary_of_it() -> None:
    assert narrowed(SUMMARY, "Who noticed the smudge? Ann Lee", [SUMMARY, SPEECH, LATER]) is SPEECH


def test_a_summary_stays_where_no_sentence_in_it_tells_as_much() -> None:
    assert narrowed(SUMMARY, "Who noticed the smudge that returns? Ann Lee", [SUMMARY, SPEECH, LATER]) is SUMMARY


def test_what_was_said_stays_as_it_is() -> None:
    assert narrowed(SPEECH, "Who noticed the smudge? Ann Lee", [SUMMARY, SPEECH]) is SPEECH
