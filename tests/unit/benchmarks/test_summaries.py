"""The measures of summaries, on values computed by hand."""

from __future__ import annotations

import pytest

from app.core.types import Citation, SegmentKind, TimeSpan, VideoId
from app.services.summarize import Point
from benchmarks.summaries import coverage, covered, facts_of, is_right, repetition

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


def test_of_several_videos_each_topic_counts_in_its_own_video() -> None:
    facts = {ONE: facts_of(TRUTH), OTHER: facts_of({**TRUTH, "written": TRUTH["written"][:1]})}
    assert covered([point("x", 1, 4)], facts) == pytest.approx(1 / 3)
    assert covered([point("x", 1, 4), point("y", 25, 28), point("z", 2, 5, OTHER)], facts) == 1.0
    assert not is_right(
        point("Heron carries deepest surveys", 1, 4, OTHER), {**facts, OTHER: facts_of({**TRUTH, "said": []})}
    )


def test_topics_are_slides_that_stay_and_are_covered_by_a_cited_second() -> None:
    facts = facts_of(TRUTH)
    assert facts.topics == (TimeSpan(0.0, 20.0), TimeSpan(24.0, 40.0))
    assert coverage([point("x", 1, 4)], facts.topics) == 0.5
    assert coverage([point("x", 1, 4), point("y", 23.5, 24.5)], facts.topics) == 0.5
    assert coverage([point("x", 1, 4), point("y", 23.5, 25.5)], facts.topics) == 1.0


def test_a_citation_is_right_when_its_words_are_told_at_its_time() -> None:
    facts = {ONE: facts_of(TRUTH)}
    assert is_right(point("Heron carries deepest surveys", 1, 4), facts)
    assert not is_right(point("Heron carries deepest surveys", 30, 33), facts)
    assert not is_right(point("Penguins juggle golden violins", 1, 4), facts)


def test_repetition_is_the_share_of_triples_that_came_before() -> None:
    assert repetition("one two three four") == 0.0
    assert repetition("a b c a b c") == 0.25
    assert repetition("") == 0.0
