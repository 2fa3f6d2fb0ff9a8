"""Making one ranking of several. Pure.

Reciprocal rank fusion: Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and
individual rank learning methods", SIGIR 2009. Ranks can be compared where scores cannot: a cosine is not a BM25.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.core.types import Segment, SegmentKind

K = 60
"""The paper's constant: how little the first ranks differ from each other."""

_DERIVED = frozenset(
    {SegmentKind.CAPTION, SegmentKind.EVENT, SegmentKind.OBJECT, SegmentKind.VISUAL, SegmentKind.SUMMARY}
)
"""Kinds that repeat what speech and screen text say."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one source found, best first, each segment at most once."""

    source: str
    segments: Sequence[Segment]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Fused:
    """A segment with its sum of reciprocal ranks and the sources that found it."""

    segment: Segment
    score: float
    found_by: tuple[str, ...]


def fuse(rankings: Sequence[Ranking]) -> list[Fused]:
    """All segments, best first: score = sum of weight / (K + rank) over the rankings that hold them, ranks from 1.

    Equal scores are ordered by video, start and id, so that the order does not depend on that of the rankings.
    """
    scores: dict[str, list[float]] = {}
    segments: dict[str, Segment] = {}
    sources: dict[str, list[str]] = {}
    for ranking in rankings:
        for rank, segment in enumerate(ranking.segments, start=1):
            segments.setdefault(segment.id, segment)
            scores.setdefault(segment.id, []).append(ranking.weight / (K + rank))
            sources.setdefault(segment.id, []).append(ranking.source)
    fused = [Fused(segments[id_], math.fsum(scores[id_]), tuple(dict.fromkeys(sources[id_]))) for id_ in segments]
    return sorted(fused, key=lambda one: (-one.score, one.segment.video_id, one.segment.span.start_s, one.segment.id))


def merge_duplicates(fused: Sequence[Fused]) -> list[Fused]:
    """The same order with near-duplicates merged into the better one, which keeps the sources of both.

    Two segments are near-duplicates when they belong to one video, their spans overlap, they have the same words
    and they are of one kind, or one of them is of a kind that only repeats others; the original stays then.
    """
    merged: list[Fused] = []
    places: dict[tuple[str, str], list[int]] = {}
    for item in fused:
        words = " ".join(re.findall(r"\w+", item.segment.text.casefold()))
        bucket = places.setdefault((item.segment.video_id, words), [])
        near = [place for place in bucket if words and merged[place].segment.span.overlaps(item.segment.span)]
        alike = {item.segment.kind, *_DERIVED} if item.segment.kind not in _DERIVED else set(SegmentKind)
        twin = next((place for place in near if merged[place].segment.kind in alike), None)
        if twin is None:
            bucket.append(len(merged))
            merged.append(item)
        else:
            better = merged[twin]
            is_original = better.segment.kind in _DERIVED and item.segment.kind not in _DERIVED
            segment = item.segment if is_original else better.segment
            found_by = tuple(dict.fromkeys((*better.found_by, *item.found_by)))
            merged[twin] = replace(better, segment=segment, found_by=found_by)
    return merged


def with_quotas(fused: Sequence[Fused], *, limit: int, quotas: Mapping[SegmentKind, float]) -> list[Fused]:
    """The best `limit`, in order, of which no kind has more than its share of places while others want them.

    `quotas` are shares, 0 to 1, of `limit`, rounded up; a kind without a quota is free. Places that nobody else
    wants go to the best that are left, so the result is never shorter than it could be.
    """
    most = {kind: math.ceil(share * limit) for kind, share in quotas.items()}
    taken: Counter[SegmentKind] = Counter()
    first: list[int] = []
    rest: list[int] = []
    for place, item in enumerate(fused):
        kind = item.segment.kind
        within = len(first) < limit and taken[kind] < most.get(kind, limit)
        taken[kind] += within
        (first if within else rest).append(place)
    chosen = first + rest[: max(0, limit - len(first))]
    return [fused[place] for place in sorted(chosen)]
