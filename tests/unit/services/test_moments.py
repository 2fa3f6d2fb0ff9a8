"""A search among given moments goes down the ranking until it has enough."""

from __future__ import annotations

import pytest

from app.core.types import Segment, SegmentKind, TimeSpan, VideoId
from app.services.moments import search_within
from retrieval.fakes import MemoryRetriever

A, B = VideoId("a" * 64), VideoId("b" * 64)


@pytest.fixture
def retriever() -> MemoryRetriever:
    made = MemoryRetriever()
    for video in (A, B):
        made.add([piece(video, at, "tea " * (1 + at % 5) + f"cup {at}") for at in range(60)])
    return made


def piece(video: VideoId, at: int, text: str, kind: SegmentKind = SegmentKind.SPEECH) -> Segment:
    return Segment(f"{video}-{kind}-{at}", video, kind, TimeSpan(10 * at, 10 * at + 10), text, "model")


def test_only_moments_that_hold_a_span_are_found_however_far_down_they_rank(retriever: MemoryRetriever) -> None:
    spans = {A: [TimeSpan(532, 536)], B: [TimeSpan(4, 9), TimeSpan(201, 202)]}
    found = search_within(retriever, "tea", spans, limit=5)
    assert {(one.segment.video_id, one.segment.span.start_s) for one in found} == {(A, 530), (B, 0), (B, 200)}
    assert [one.id for one in found] == ["E1", "E2", "E3"]


def test_no_more_than_asked_are_found_and_those_that_fit_best(retriever: MemoryRetriever) -> None:
    everywhere = {A: [TimeSpan(10 * at + 4, 10 * at + 6) for at in range(60)]}
    found = search_within(retriever, "tea", everywhere, limit=4)
    assert [one.segment.id for one in found] == [one.segment.id for one in retriever.search("tea", limit=4, videos=[A])]


def test_what_is_shown_while_somebody_speaks_is_not_what_is_said(retriever: MemoryRetriever) -> None:
    retriever.add([piece(A, 3, "tea tea tea tea tea tea", SegmentKind.CAPTION)])
    found = search_within(retriever, "tea", {A: [TimeSpan(31, 33)]}, limit=5)
    assert [one.segment.kind for one in found] == [SegmentKind.SPEECH]


def test_nobody_says_nothing(retriever: MemoryRetriever) -> None:
    assert search_within(retriever, "tea", {}, limit=5) == []
