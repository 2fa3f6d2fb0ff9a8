"""What earlier versions stored can still be read, and which videos an answer is about."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.events import Answered, Called, Delta, Event, Hit, Inspected, Planned, Searched, Verified, Warned
from app.core.stored_answers import dump_trace, load_answer, load_trace, used_videos
from app.core.types import Answer, AnswerStatus, Citation, MediaInfo, SegmentKind, TimeSpan, Video, VideoId, to_json

OLD_TRACE: list[dict[str, Any]] = [
    {"type": "planned", "question_type": "fact", "queries": ["who"], "sources": ["speech"], "window": None,
     "time_words": "", "by": "rules", "mode": "free", "mode_reason": "a large model"},
    {"type": "planned", "question_type": "fact", "queries": ["who"], "sources": []},
    {"type": "reflected", "sufficient": True, "confidence": 0.9, "missing": ""},
    {"type": "verified", "claim": "It is red.", "supported": True, "reason": "", "evidence_ids": ["E1"]},
    {"type": "verified", "claim": "It is blue.", "supported": False, "reason": "it is red", "evidence_ids": ["E1"]},
    {"type": "told_by_a_newer_version"},
]  # fmt: skip


def test_steps_of_an_earlier_version_are_read_as_those_of_today() -> None:
    assert load_trace(OLD_TRACE) == [
        Planned("loop", "a large model", ("who",), ("speech",)),
        Planned("pipeline", "", ("who",)),
        Verified("It is red.", "yes", "", ("E1",)),
        Verified("It is blue.", "no", "it is red", ("E1",)),
    ]


def test_a_refusal_that_was_stored_with_a_confidence_has_none() -> None:
    refused = {"status": "not_in_video", "text": "The video does not say.", "confidence": 0.2, "citations": []}
    assert load_answer(refused) == Answer(AnswerStatus.NOT_IN_VIDEO, "The video does not say.")


def test_an_answer_is_read_as_it_was_stored() -> None:
    cited = Citation(VideoId("v"), TimeSpan(1, 2), SegmentKind.SPEECH, "Red.", None, True)
    for answer in (
        Answer(AnswerStatus.ANSWERED, "Red.", 0.8, (cited,)),
        Answer(AnswerStatus.INSUFFICIENT, "It is not certain.", missing=("The sound track could not be heard.",)),
        Answer(AnswerStatus.NOT_IN_VIDEO, "It does not say.", searched=("what is said",)),
    ):
        assert load_answer(to_json(answer)) == answer


def test_neither_pieces_of_text_nor_the_answer_are_stored_with_the_steps() -> None:
    steps: list[Event] = [Planned("loop"), Delta("It is"), Searched("red", ()), Delta(" red."), Answered()]
    assert load_trace(dump_trace(steps)) == [Planned("loop"), Searched("red", ())]


A, B, C = (Video(VideoId(letter * 64), f"Film {letter}", "", MediaInfo("mp4", 9.0, 0.0, 1, None)) for letter in "abc")
HIT = Hit("E1", B.id, TimeSpan(0, 1), "speech", "Hello.")


@pytest.mark.parametrize(
    ("answer", "steps", "used"),
    [
        ({"citations": [{"video_id": B.id}]}, [], [B]),
        ({}, [Searched("hello", (HIT,))], [B]),
        ({}, [Inspected(B.id, TimeSpan(0, 1), "look")], [B]),
        ({}, [Called("browse", 'video: "V2"', "Film: no pictures", video_ids=(B.id,))], [B]),
        ({"searched": ["what is said (all of Film b)"]}, [], [B]),
        ({"missing": ["what is said in Film b was not searched."]}, [], [B]),
        ({}, [Warned("Looking at Film b failed.")], [B]),
        ({"text": "Nobody knows."}, [Searched("hello", ())], []),
    ],
)
def test_an_answer_is_about_what_it_cites_found_read_or_names(
    answer: dict[str, Any], steps: list[Event], used: list[Video]
) -> None:
    assert used_videos("Who?", [A, B, C], answer, dump_trace(steps)) == [one.id for one in used]


def test_a_question_about_one_video_is_about_it_whatever_was_found() -> None:
    assert used_videos("Who?", [A], {}, []) == [A.id]
