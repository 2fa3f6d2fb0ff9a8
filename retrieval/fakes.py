"""In-memory indexes for tests and trials: exact, small, gone with the process."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from app.core.types import Evidence, Segment, SegmentKind, TimeSpan, VideoId
from app.text.tokens import occurrences
from retrieval.query import coverage, parse, plain_words, squeezed, tokens

_K1, _B = 1.2, 0.75


class MemorySegmentIndex:
    """SegmentIndex that compares a vector with every other."""

    def __init__(self) -> None:
        self._spaces: dict[str, dict[str, tuple[Segment, NDArray[np.float32]]]] = {}

    def add(self, space: str, segments: Sequence[Segment], vectors: NDArray[np.float32]) -> None:
        """Adds or replaces segments with their unit vectors, shape (n, d). Raises ValueError on another shape."""
        rows = np.array(vectors, dtype=np.float32)
        if rows.ndim != 2 or len(rows) != len(segments):
            raise ValueError(f"{len(segments)} segments need as many vectors, got shape {rows.shape}")
        added = {segment.id: (segment, row) for segment, row in zip(segments, rows, strict=True)}
        self._spaces[space] = {**self._spaces.get(space, {}), **added}

    def search(
        self,
        space: str,
        vector: NDArray[np.float32],
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[tuple[Segment, float]]:
        """The nearest segments with their cosine, best first."""
        rows = self._spaces.get(space, {})
        chosen = _chosen((segment for segment, _ in rows.values()), videos, window, kinds)
        hits = [(segment, float(np.clip(rows[segment.id][1] @ vector, -1, 1))) for segment in chosen]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0].id))[: max(0, limit)]

    def videos(self) -> frozenset[VideoId]:
        """The videos that have vectors."""
        return frozenset(segment.video_id for rows in self._spaces.values() for segment, _ in rows.values())

    def stored(self, space: str, video: VideoId) -> dict[str, str]:
        """The text of each segment of a video that has a vector, by its id."""
        held = self._spaces.get(space, {})
        return {id_: segment.text for id_, (segment, _) in held.items() if segment.video_id == video}

    def ping(self) -> None:
        """Memory is always there."""

    def check(self) -> None:
        """Memory is not damaged."""

    def set_aside(self) -> None:
        """There is nothing to set aside."""

    def compact(self) -> None:
        """There is no disk."""

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Forgets the segments of a video, all or those of some kinds, in every space."""
        for space, rows in self._spaces.items():
            self._spaces[space] = {id_: row for id_, row in rows.items() if not _is_of(row[0], video, kinds)}


class MemoryLexicalIndex:
    """LexicalIndex that reads every text for each search (BM25, Robertson and Zaragoza, 2009)."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple[Segment, list[str]]] = {}

    def add(self, segments: Sequence[Segment]) -> None:
        """Adds or replaces segments."""
        added = {segment.id: (segment, tokens(segment.text)) for segment in segments}
        self._texts = {**self._texts, **added}

    def search(
        self,
        text: str,
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[tuple[Segment, float]]:
        """Segments that share words with `text` with their score (above 0), best first."""
        query = parse(text)
        single = [[token] for word in query.words for token in tokens(word, query.language)]
        terms = [*single, *filter(None, ([*map(squeezed, plain_words(phrase))] for phrase in query.phrases))]
        texts = self._texts
        mean = sum(len(words) for _, words in texts.values()) / max(1, len(texts))
        scores = dict.fromkeys(texts, 0.0)
        for term in terms:
            counts = {id_: n for id_, (_, words) in texts.items() if (n := occurrences(term, words))}
            weight = math.log(1 + (len(texts) - len(counts) + 0.5) / (len(counts) + 0.5))
            for id_, n in counts.items():
                length = 1 - _B + _B * len(texts[id_][1]) / mean
                scores[id_] += weight * n * (_K1 + 1) / (n + _K1 * length)
        chosen = _chosen((segment for segment, _ in texts.values()), videos, window, kinds)
        hits = [(segment, scores[segment.id]) for segment in chosen if scores[segment.id] > 0]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0].id))[: max(0, limit)]

    def videos(self) -> frozenset[VideoId]:
        """The videos of which anything is indexed."""
        return frozenset(segment.video_id for segment, _ in self._texts.values())

    def segments(self, video: VideoId) -> list[Segment]:
        """Everything that is indexed of a video, in the order in which it was added."""
        return [segment for segment, _ in self._texts.values() if segment.video_id == video]

    def check(self) -> None:
        """Memory is not damaged."""

    def set_aside(self) -> None:
        """There is nothing to set aside."""

    def compact(self) -> None:
        """There is no disk."""

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Forgets the segments of a video, all or those of some kinds."""
        self._texts = {id_: row for id_, row in self._texts.items() if not _is_of(row[0], video, kinds)}


class MemoryRetriever:
    """Retriever that needs no model: it finds texts, and pictures by their texts, by the words they share."""

    def __init__(self) -> None:
        self._lexical = MemoryLexicalIndex()

    def search(
        self,
        text: str,
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[Evidence]:
        """Best first, with ids E1, E2, ...; the score is the share of the question's words that a text holds."""
        query = parse(text)
        hits = self._lexical.search(text, limit=limit, videos=videos, window=window, kinds=kinds)
        return [
            Evidence(f"E{place}", segment, coverage(query, segment.text), ("lexical",))
            for place, (segment, _) in enumerate(hits, start=1)
        ]

    def add(self, segments: Sequence[Segment]) -> None:
        """Indexes texts."""
        self._lexical.add(segments)

    def add_pictures(self, segments: Sequence[Segment], concepts: NDArray[np.float32]) -> None:
        """Indexes key frames by their texts. Raises ValueError unless there is a concept for each."""
        if len(segments) != len(concepts):
            raise ValueError(f"{len(segments)} segments need as many concepts, got {len(concepts)}")
        self._lexical.add(segments)

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Forgets a video, or what is of some kinds in it."""
        self._lexical.remove(video, kinds)


def _is_of(segment: Segment, video: VideoId, kinds: Sequence[SegmentKind]) -> bool:
    return segment.video_id == video and (not kinds or segment.kind in kinds)


def _chosen(
    segments: Iterable[Segment], videos: Sequence[VideoId], window: TimeSpan | None, kinds: Sequence[SegmentKind]
) -> list[Segment]:
    return [
        segment
        for segment in segments
        if (not videos or segment.video_id in videos)
        and (not kinds or segment.kind in kinds)
        and (window is None or segment.span.overlaps(window))
    ]
