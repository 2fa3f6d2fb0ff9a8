"""Searching every index at once: meaning, words and pictures, fused by rank."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from app.core.errors import Damaged
from app.core.paths import readable
from app.core.ports import FrameEmbedder, LexicalIndex, SegmentIndex, TextEmbedder
from app.core.types import Evidence, IndexComparison, Segment, SegmentKind, TimeSpan, VideoId
from retrieval.query import Query, coverage, parse
from retrieval.rank_fusion import Fused, Ranking, fuse, merge_duplicates, with_quotas

WEIGHTS = {"dense": 1.0, "lexical": 1.0, "picture": 0.5}
"""No question is without a nearest picture. Words count as much as meanings: with less, the one sentence of four hours
that has the question's rare word stands after two dozen that are only near it (`benchmarks.needles`)."""
LEAST_COVERAGE = 0.25
"""A text that holds less of the question shares words with it by chance, as "die" of German and of English: without
this, one German question in three finds another English passage first (`benchmarks.cross_language`)."""
QUOTAS = {
    SegmentKind.SPEECH: 0.75,
    SegmentKind.VISUAL: 0.5,
    SegmentKind.CAPTION: 0.5,
    SegmentKind.EVENT: 0.5,
    SegmentKind.OBJECT: 0.25,
    SegmentKind.SOUND: 0.25,
    SegmentKind.SUMMARY: 0.5,
}
"""The most places a kind takes while others want them: talk must not crowd out what is written or shown."""

_DEPTH = 4
_LEAST_DEPTH = 32
_BATCH = 256
_COVERAGE_WEIGHT = 0.5
_SEARCHES_AT_ONCE = 4
_AT_ONCE = 2000
"""Texts that one search embeds again at most: about half a minute's work on two cores."""

logger = logging.getLogger(__name__)


class _Filters(TypedDict):
    limit: int
    videos: Sequence[VideoId]
    window: TimeSpan | None
    kinds: Sequence[SegmentKind]


class HybridRetriever:
    """Retriever over a dense and a lexical index; with a frame embedder also over pictures.

    A score, 0 to 1, says how well a piece of evidence fits by itself: its cosine, raised by the share of the
    question's words that it holds. The order is that of the fused ranks, so scores need not fall steadily.
    An index that fails raises its error: half a search is not passed off as a whole one.
    """

    def __init__(
        self,
        text_embedder: TextEmbedder,
        frame_embedder: FrameEmbedder | None,
        index: SegmentIndex,
        lexical: LexicalIndex,
    ) -> None:
        self._text_embedder = text_embedder
        self._frame_embedder = frame_embedder
        self._index = index
        self._lexical = lexical
        self._embedded: set[VideoId] = set()
        self._embedding = threading.Lock()
        self._threads = ThreadPoolExecutor(max_workers=2 * _SEARCHES_AT_ONCE, thread_name_prefix="search")

    def search(
        self,
        text: str,
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[Evidence]:
        """Best first, with ids E1, E2, ... and the searches that found each; nothing for an empty text."""
        text = readable(text).strip()
        if not text or limit <= 0:
            return []
        depth = max(_LEAST_DEPTH, _DEPTH * limit)
        filters: _Filters = {"limit": depth, "videos": videos, "window": window, "kinds": kinds}

        def find_pictures() -> list[tuple[Segment, float]]:
            if self._frame_embedder is None:
                return []
            return self._index.search("picture", self._frame_embedder.embed_query(text), **filters)

        lexical = self._threads.submit(self._lexical.search, text, **filters)
        pictures = self._threads.submit(find_pictures)
        vector = self._text_embedder.embed_query(text)
        self._embed_again(videos)
        dense = self._index.search("text", vector, **filters)
        query = parse(text)
        spoken = [hit for hit in lexical.result() if coverage(query, hit[0].text) >= LEAST_COVERAGE]
        found = {"dense": dense, "lexical": spoken, "picture": pictures.result()}
        rankings = [Ranking(source, [hit[0] for hit in hits], WEIGHTS[source]) for source, hits in found.items()]
        best = with_quotas(merge_duplicates(fuse(rankings)), limit=limit, quotas=QUOTAS)
        return _evidence(query, best, [*dense, *found["picture"]])

    def _embed_again(self, videos: Sequence[VideoId]) -> None:
        """Makes vectors for texts that another text embedder has indexed, so that they are not missed in silence.

        Such texts are in the lexical index, and not in this embedder's collection. What is left after `_AT_ONCE` texts
        waits for the next search.
        """
        indexed = self._lexical.videos()
        with self._embedding:
            unsure = (indexed.intersection(videos) if videos else indexed) - self._embedded
            count = 0
            for video in sorted(unsure):
                if count >= _AT_ONCE:
                    logger.warning("Some videos were indexed by another text embedder; ingest them again.")
                    return
                stored = self._index.stored("text", video)
                missing = [segment for segment in self._lexical.segments(video) if segment.id not in stored]
                if missing:
                    logger.info("Embedding %d texts of %s for %s", len(missing), video, self._text_embedder.model)
                    self._add_vectors(missing)
                    count += len(missing)
                self._embedded.add(video)

    def add(self, segments: Sequence[Segment]) -> None:
        """Indexes texts in the dense and the lexical index; segments without text are left out."""
        spoken = [segment for segment in segments if segment.text.strip()]
        for start in range(0, len(spoken), _BATCH):
            batch = spoken[start : start + _BATCH]
            self._add_vectors(batch)
            self._lexical.add(batch)

    def _add_vectors(self, segments: Sequence[Segment]) -> None:
        vectors = self._text_embedder.embed([readable(segment.text) for segment in segments])
        self._index.add("text", segments, vectors)

    def add_pictures(self, segments: Sequence[Segment], concepts: NDArray[np.float32]) -> None:
        """Indexes key frames by their concept vectors, shape (n, q)."""
        self._index.add("picture", segments, concepts)

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Forgets a video, or what is of some kinds in it, in every index."""
        self._index.remove(video, kinds)
        self._lexical.remove(video, kinds)

    def videos(self) -> frozenset[VideoId]:
        """The videos of which an index holds something."""
        return self._index.videos() | self._lexical.videos()

    def compare(self, video: VideoId, segments: Sequence[Segment]) -> list[IndexComparison]:
        """What each index holds of a video, compared with these segments, the library's."""
        texts = {one.id: readable(one.text) for one in segments if _is_text(one)}
        words = {one.id: one.text for one in self._lexical.segments(video)}
        comparisons = [
            _compared("words", texts, words),
            _compared(f"text vectors ({self._text_embedder.model})", texts, self._index.stored("text", video)),
        ]
        if self._frame_embedder is not None:
            pictures = {one.id: "" for one in segments if one.kind is SegmentKind.VISUAL}
            seen = dict.fromkeys(self._index.stored("picture", video), "")
            comparison = _compared(f"picture vectors ({self._frame_embedder.model})", pictures, seen)
            comparisons.append(replace(comparison, of_pictures=True))
        return comparisons

    def rebuild(
        self, video: VideoId, segments: Sequence[Segment], concepts: Mapping[str, NDArray[np.float32]] | None
    ) -> None:
        """Indexes a video anew; `concepts` are the vectors of its pictures by the ids of their segments.

        Without them its pictures stay as they are.
        """
        self.remove(video, [kind for kind in SegmentKind if kind is not SegmentKind.VISUAL] if concepts is None else ())
        self.add([one for one in segments if _is_text(one)])
        if concepts:
            pictures = [one for one in segments if one.id in concepts]
            self.add_pictures(pictures, np.array([concepts[one.id] for one in pictures], np.float32))

    def set_damaged_aside(self) -> list[str]:
        """Reads every index, and begins anew those that are damaged; what was wrong with each."""
        problems = []
        for index in (self._index, self._lexical):
            try:
                index.check()
            except Damaged as error:
                problems.append(error.message)
                index.set_aside()
        if problems:
            self._embedded.clear()
        return problems

    def check(self) -> None:
        """Reads everything. Raises Damaged."""
        self._index.check()
        self._lexical.check()

    def ping(self) -> None:
        """Raises what keeps an index from being used. No model is loaded."""
        self._index.ping()
        self._lexical.videos()

    def compact(self) -> None:
        """Leaves nothing on the disk of what was removed."""
        self._index.compact()
        self._lexical.compact()


def _is_text(segment: Segment) -> bool:
    return segment.kind is not SegmentKind.VISUAL and bool(segment.text.strip())


def _compared(index: str, expected: Mapping[str, str], held: Mapping[str, str]) -> IndexComparison:
    return IndexComparison(
        index,
        len(expected),
        missing=tuple(sorted(expected.keys() - held.keys())),
        extra=tuple(sorted(held.keys() - expected.keys())),
        changed=tuple(id for id in sorted(expected.keys() & held.keys()) if expected[id] != held[id]),
    )


def _evidence(query: Query, fused: Sequence[Fused], near: Sequence[tuple[Segment, float]]) -> list[Evidence]:
    """The segments in order, each with its score.

    Either sign of a fit is enough, both together are better: 1 - (1 - cosine)(1 - covered / 2).
    """
    cosines: dict[str, float] = {}
    for segment, cosine in near:
        cosines[segment.id] = max(cosine, cosines.get(segment.id, 0.0))
    evidence = []
    for place, item in enumerate(fused, start=1):
        cosine = min(1.0, max(0.0, cosines.get(item.segment.id, 0.0)))
        score = 1.0 - (1.0 - cosine) * (1.0 - _COVERAGE_WEIGHT * coverage(query, item.segment.text))
        evidence.append(Evidence(id=f"E{place}", segment=item.segment, score=score, found_by=item.found_by))
    return evidence
