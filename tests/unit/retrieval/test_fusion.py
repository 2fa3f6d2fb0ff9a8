from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.types import Segment, SegmentKind, TimeSpan, VideoId
from retrieval.rank_fusion import Fused, Ranking, fuse, merge_duplicates, with_quotas

KINDS = list(SegmentKind)


def segment(n: int, kind: SegmentKind | None = None, text: str = "", start: float | None = None) -> Segment:
    begin = 10.0 * n if start is None else start
    return Segment(str(n), VideoId("v"), kind or KINDS[n % 5], TimeSpan(begin, begin + 10), text or f"text {n}", "m")


orders = st.lists(st.integers(0, 30), unique=True, max_size=20).map(lambda numbers: [segment(n) for n in numbers])
rankings = st.lists(
    st.builds(Ranking, st.sampled_from(["dense", "lexical", "picture"]), orders, st.floats(0.1, 3)),
    max_size=4,
    unique_by=lambda ranking: ranking.source,
)


@given(rankings)
def test_every_segment_comes_once_with_the_sum_of_its_reciprocal_ranks(given_rankings: list[Ranking]) -> None:
    fused = fuse(given_rankings)
    assert Counter(item.segment.id for item in fused) == Counter({s.id for r in given_rankings for s in r.segments})
    for item in fused:
        places = [(r, list(r.segments).index(item.segment) + 1) for r in given_rankings if item.segment in r.segments]
        assert item.score == pytest.approx(sum(r.weight / (60 + place) for r, place in places))
        assert set(item.found_by) == {r.source for r, _ in places}
    assert [item.score for item in fused] == sorted((item.score for item in fused), reverse=True)


@given(rankings, st.randoms())
def test_the_order_of_the_rankings_does_not_matter(given_rankings: list[Ranking], random: object) -> None:
    shuffled = list(reversed(given_rankings))
    assert [f.segment.id for f in fuse(given_rankings)] == [f.segment.id for f in fuse(shuffled)]


@given(orders, st.floats(0.1, 3))
def test_one_ranking_alone_keeps_its_order(segments: list[Segment], weight: float) -> None:
    assert [item.segment for item in fuse([Ranking("dense", segments, weight)])] == segments


@given(orders)
def test_a_segment_first_in_all_rankings_is_first(segments: list[Segment]) -> None:
    best = segment(99)
    fused = fuse([Ranking("dense", [best, *segments]), Ranking("lexical", [best, *reversed(segments)])])
    assert fused[0].segment == best


def test_found_twice_beats_found_once_at_the_same_ranks() -> None:
    both, one, other = segment(1), segment(2), segment(3)
    fused = fuse([Ranking("dense", [one, both]), Ranking("lexical", [other, both])])
    assert fused[0].segment == both


@given(rankings, st.integers(0, 20), st.dictionaries(st.sampled_from(KINDS), st.floats(0, 1)))
def test_quotas_hold_unless_nobody_else_wants_the_place(
    given_rankings: list[Ranking], limit: int, quotas: dict[SegmentKind, float]
) -> None:
    fused = fuse(given_rankings)
    chosen = with_quotas(fused, limit=limit, quotas=quotas)
    assert len(chosen) == min(limit, len(fused))
    assert chosen == [item for item in fused if item in chosen]
    counts = Counter(item.segment.kind for item in chosen)
    left = Counter(item.segment.kind for item in fused if item not in chosen)
    for kind, count in counts.items():
        if count > math.ceil(quotas.get(kind, 1) * limit):
            others = [k for k in left if k is not kind]
            assert all(counts[k] >= math.ceil(quotas.get(k, 1) * limit) for k in others)


@given(rankings)
def test_without_quotas_the_best_are_kept(given_rankings: list[Ranking]) -> None:
    fused = fuse(given_rankings)
    assert with_quotas(fused, limit=5, quotas={}) == fused[:5]


@given(st.lists(st.tuples(st.sampled_from(["a b", "A  b!", "c", ""]), st.integers(0, 4), st.sampled_from(KINDS))))
def test_merging_keeps_the_order_and_every_different_text(rows: list[tuple[str, int, SegmentKind]]) -> None:
    fused = [
        Fused(Segment(str(i), VideoId("v"), kind, TimeSpan(n * 30, n * 30 + 10), text, "m"), 1 / (i + 1), ("dense",))
        for i, (text, n, kind) in enumerate(rows)
    ]
    merged = merge_duplicates(fused)
    assert [item.score for item in merged] == sorted((item.score for item in merged), reverse=True)
    assert {(i.segment.text.lower().strip("!").replace("  ", " "), i.segment.span) for i in merged} == {
        (i.segment.text.lower().strip("!").replace("  ", " "), i.segment.span) for i in fused
    }
    assert merge_duplicates(merged) == merged


def fused_pair(first: Segment, second: Segment) -> list[Fused]:
    return merge_duplicates([Fused(first, 0.9, ("dense",)), Fused(second, 0.5, ("lexical",))])


def test_the_same_text_read_twice_at_a_time_is_one_and_keeps_both_sources() -> None:
    twice = (
        segment(1, SegmentKind.SCREEN_TEXT, "Big Card!"),
        segment(2, SegmentKind.SCREEN_TEXT, "big card", start=15.0),
    )
    assert fused_pair(*twice) == [Fused(twice[0], 0.9, ("dense", "lexical"))]


def test_the_original_stays_when_a_caption_repeats_it() -> None:
    caption, text = (
        segment(1, SegmentKind.CAPTION, "Big Card"),
        segment(2, SegmentKind.SCREEN_TEXT, "Big Card", start=10),
    )
    assert [item.segment for item in fused_pair(caption, text)] == [text]


def test_speech_and_screen_text_with_the_same_words_are_two_proofs() -> None:
    assert (
        len(fused_pair(segment(1, SegmentKind.SPEECH, "Hi"), segment(2, SegmentKind.SCREEN_TEXT, "Hi", start=10))) == 2
    )


def test_the_same_text_at_another_time_stays() -> None:
    assert len(fused_pair(segment(1, SegmentKind.SPEECH, "Hi"), segment(5, SegmentKind.SPEECH, "Hi"))) == 2
