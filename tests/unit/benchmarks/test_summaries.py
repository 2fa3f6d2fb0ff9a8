"""The measures of summaries, on values computed by hand."""

from __future__ import annotations

from app.core.types import Citation, SegmentKind, TimeSpan, VideoId
from app.services.summarize import Point
from benchmarks.summaries import coverage, facts_of, repetition

TRUTH = {
    "said": [{"start_s": 1.0, "end_s": 4.0, "text": "Heron carries our deepest surveys."}],
    "written": [
        {"start_s": 0.0, "end_s": 20.0, "text": "The telescopes"},
        {"start_s": 20.0, "end_s": 24.0, "text": "Part two"},
        {"start_s": 24.0, "end_s": 40.0, "text": "Visitors"},
    ],
}


ONE, OTHER = VideoId("a" * 64), VideoId("b" * 64)


def point(text: str, start_s: float, end_s: float, video: VideoId = ONE) -> Point:
    return Point(text, (Citation(video, TimeSpan(start_s, end_s), SegmentKind.SPEECH, text),))


def test_topics_are_slides_that_stay_and_are_covered_by_a_cited_second() -> None:
    facts = facts_of(TRUTH)
    assert facts.topics == (TimeSpan(0.0, 20.0), TimeSpan(24.0, 40.0))
    assert coverage([point("x", 1, 4)], facts.topics) == 0.5
    assert coverage([point("x", 1, 4), point("y", 23.5, 24.5)], facts.topics) == 0.5
    assert coverage([point("x", 1, 4), point("y", 23.5, 25.5)], facts.topics) == 1.0


def test_repetition_is_the_share_of_triples_that_came_before() -> None:
    assert repetition("one two three four") == 0.0
    assert repetition("a b c a b c") == 0.25
    assert repetition("") == 0.0
