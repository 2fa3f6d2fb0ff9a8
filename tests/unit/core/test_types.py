"""The kernel's types keep their promises."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.types import (
    Answer,
    AnswerStatus,
    Citation,
    SegmentKind,
    TimeSpan,
    Usage,
    Utterance,
    VideoId,
    Word,
    from_json,
    to_json,
)
from app.core.types.span import evenly, joined

times = st.floats(0, 1e6)
spans = st.tuples(times, times).map(lambda pair: TimeSpan(min(pair), max(pair)))


@pytest.mark.parametrize("pair", [(-1.0, 2.0), (3.0, 2.0), (math.nan, 1.0), (0.0, math.inf)])
def test_a_span_that_is_no_span_is_refused(pair: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="a time span needs"):
        TimeSpan(*pair)


def test_spans_that_lie_close_become_one() -> None:
    found = [TimeSpan(5, 6), TimeSpan(0, 1), TimeSpan(1.4, 2)]
    assert joined(found, 0.5) == [TimeSpan(0, 2), TimeSpan(5, 6)]


@given(st.lists(spans))
def test_joined_spans_cover_the_same_times_and_do_not_touch(found: list[TimeSpan]) -> None:
    whole = joined(found)
    assert all(any(one.hull(span) == one for one in whole) for span in found)
    assert all(before.end_s < after.start_s for before, after in itertools.pairwise(whole))


@given(spans, spans)
def test_overlap_and_intersection_agree_and_do_not_depend_on_the_order(a: TimeSpan, b: TimeSpan) -> None:
    assert a.overlaps(b) == b.overlaps(a)
    assert a.intersection_s(b) == b.intersection_s(a) <= min(a.duration_s, b.duration_s)
    assert 0 <= a.iou(b) <= 1
    assert a.hull(b).duration_s >= max(a.duration_s, b.duration_s)


@given(spans)
def test_a_span_is_all_of_itself(span: TimeSpan) -> None:
    assert span.iou(span) == (1.0 if span.duration_s > 0 else 0.0)
    assert span.clipped(span) == span


@given(spans, st.floats(0, 1e4))
def test_a_padded_span_stays_inside_the_video(span: TimeSpan, seconds: float) -> None:
    padded = span.padded(seconds, limit_s=span.end_s)
    assert padded.start_s >= 0
    assert padded.end_s == span.end_s
    assert padded.contains(span.start_s)


def test_spans_that_do_not_meet_have_no_common_part() -> None:
    assert TimeSpan(0, 1).clipped(TimeSpan(2, 3)) is None


def test_an_answer_without_proof_cannot_be_answered() -> None:
    with pytest.raises(ValueError, match="citation"):
        Answer(AnswerStatus.ANSWERED, "Forty-two.", 0.9)


def test_an_answer_survives_json() -> None:
    citation = Citation(VideoId("a" * 64), TimeSpan(1.25, 2.5), SegmentKind.SPEECH, "said", 2.0, True)
    answer = Answer(AnswerStatus.ANSWERED, "Yes.", 0.7, (citation,), 1, Usage(1.0, 2, 3, 4, 5))
    assert from_json(Answer, to_json(answer)) == answer


def test_a_moved_utterance_moves_its_words_with_it() -> None:
    word = Word("hello", TimeSpan(0.5, 0.9))
    moved = Utterance(TimeSpan(0.5, 0.9), "hello", (word,)).moved(120.0)
    assert moved.span == moved.words[0].span == TimeSpan(120.5, 120.9)


def test_times_are_spread_evenly_over_spans_and_a_short_one_beside_a_long_one_gets_one_too() -> None:
    assert evenly([TimeSpan(0, 4)], 4) == [0.5, 1.5, 2.5, 3.5]
    assert evenly([TimeSpan(0, 2), TimeSpan(10, 12)], 4) == [0.5, 1.5, 10.5, 11.5]
    assert evenly([TimeSpan(3, 3)], 4) == [3.0]
    assert evenly([TimeSpan(0, 100), TimeSpan(200, 201)], 5) == [12.5, 37.5, 62.5, 87.5, 200.5]
