"""Makes passages: narrows what a search found to the few sentences that matter, scores and merges them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from agents.state import Passage
from agents.wording import content_stems, coverage, joined_lines
from app.core.ports import TextEmbedder, VideoLibrary
from app.core.types import Evidence, Segment, SegmentKind, TimeSpan, Utterance, VideoId

NEAR_S = 20.0
"""How far from a passage the names of its question may stand, for which it may say "she"."""
NEIGHBOUR_GAP_S = 4.0
"""A sentence belongs to its neighbour when less silence than this lies between them."""
TAGGER = "offline-tags"
"""The captioner that composes its sentences from recognised classes and measured colours."""
MAX_PASSAGE_CHARACTERS = 420


def fit(similarity: float, covered: float) -> float:
    """How well a passage fits a question, 0 to 1, from the cosine of their embeddings and the share of shared words.

    Cosines of MiniLM lie near 0.1 for unrelated sentences and near 0.7 for a question and its answer.
    """
    return 0.5 * min(1.0, max(0.0, (similarity - 0.1) / 0.55)) + 0.5 * covered


class Narrower:
    """Turns segments into scored passages for one question."""

    def __init__(self, question: str, library: VideoLibrary, embedder: TextEmbedder, wording: str = "") -> None:
        """`wording`: the question with pronouns; it counts as well where what they mean is named near."""
        self._library = library
        self._embedder = embedder
        asked = [question, wording] if wording else [question]
        self._stems = [content_stems(text) for text in asked]
        self._vectors = embedder.embed(asked)

    def passages(self, found: Sequence[Evidence], *, window: TimeSpan | None = None) -> list[Passage]:
        """Best first, without repeats; speech is narrowed to the sentences around the best one."""
        made: list[Passage] = []
        for evidence in found:
            made += self._of(evidence.segment, window)
        return self.ranked(merged(made))

    def ranked(self, passages: Iterable[Passage]) -> list[Passage]:
        """Passages with their fit as score, best first."""
        listed = list(passages)
        if not listed:
            return []
        texts = [unit for p in listed for unit in _texts(p)]
        cosines = iter(self._embedder.embed(texts) @ self._vectors.T)
        scored = []
        for passage in listed:
            best = np.max([next(cosines) for _ in _texts(passage)], axis=0)
            score = max(
                fit(float(best[at]), coverage(stems, passage.text) if stems else 0.5)
                for at, stems in enumerate(self._counting(passage.video_id, passage.span))
            )
            scored.append(replace(passage, score=score))
        return sorted(scored, key=lambda p: (-p.score, p.span.start_s))

    def _of(self, segment: Segment, window: TimeSpan | None) -> list[Passage]:
        if segment.kind is not SegmentKind.SPEECH:
            return [from_segment(segment)]
        inside = segment.span if window is None else segment.span.clipped(window)
        said = self._library.utterances(segment.video_id, inside) if inside else []
        said = [u for u in said if u.span.overlaps(segment.span)]
        if not said:
            return [from_segment(segment)]
        asked = self._counting(segment.video_id, segment.span)
        return [from_utterances(segment.video_id, said[a:b]) for a, b in self._best_runs(said, asked)]

    def _counting(self, video: VideoId, span: TimeSpan) -> list[list[str]]:
        """The stems of the wordings that count in a stretch."""
        if len(self._stems) == 1:
            return self._stems
        whole, open_ = self._stems
        near = joined_lines(u.text for u in self._library.utterances(video, span.padded(NEAR_S)))
        return self._stems if coverage([s for s in whole if s not in open_], near) > 0 else [whole]

    def _best_runs(self, said: Sequence[Utterance], asked: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
        cosines = self._embedder.embed([u.text for u in said]) @ self._vectors.T
        scores = [
            max(fit(float(row[at]), coverage(stems, u.text)) for at, stems in enumerate(asked))
            for row, u in zip(cosines, said, strict=True)
        ]
        best = sorted(range(len(said)), key=lambda i: -scores[i])[:2]
        keep = [best[0], *(i for i in best[1:] if scores[i] > 0.8 * scores[best[0]])]
        return sorted({_with_neighbours(said, i) for i in keep})


def _texts(passage: Passage) -> list[str]:
    return [text for _, text in passage.units] or [passage.text]


def _with_neighbours(said: Sequence[Utterance], at: int) -> tuple[int, int]:
    first, last = at, at
    if at > 0 and said[at].span.start_s - said[at - 1].span.end_s < NEIGHBOUR_GAP_S:
        first = at - 1
    if at + 1 < len(said) and said[at + 1].span.start_s - said[at].span.end_s < NEIGHBOUR_GAP_S:
        last = at + 1
    return first, last + 1


def from_segment(segment: Segment) -> Passage:
    """A passage that is a whole segment: text on the screen, a caption, a summary."""
    return Passage(
        "", segment.video_id, segment.kind, segment.span, segment.text.strip(), 0.0, segment.frame_s, _units(segment),
        tagged=is_tag(segment),
    )  # fmt: skip


def is_tag(segment: Segment) -> bool:
    """Whether a segment holds what a classifier recognised, and not what a model that looks has said."""
    if segment.kind is SegmentKind.VISUAL:
        return segment.question is None
    return segment.kind is SegmentKind.CAPTION and segment.model.partition("@")[0] == TAGGER


def _units(segment: Segment) -> tuple[tuple[TimeSpan, str], ...]:
    if segment.kind is not SegmentKind.SCREEN_TEXT:
        return ()
    return tuple((segment.span, line.strip()) for line in segment.text.splitlines() if line.strip())


def from_utterances(video: VideoId, said: Sequence[Utterance]) -> Passage:
    """A passage of consecutive sentences."""
    span = said[0].span.hull(said[-1].span)
    units = tuple((u.span, u.text.strip()) for u in said)
    confidence = min(u.confidence for u in said)
    return Passage(
        "", video, SegmentKind.SPEECH, span, joined_lines(u.text for u in said), 0.0, None, units, confidence
    )


def merged(passages: Iterable[Passage]) -> list[Passage]:
    """Passages without repeats: overlapping speech becomes one, the same text on the screen is kept once."""
    kept: list[Passage] = []
    for passage in sorted(passages, key=lambda p: (p.video_id, p.kind, p.span.start_s, p.span.end_s)):
        last = kept[-1] if kept else None
        if last and _is_repeat(last, passage):
            kept[-1] = _union(last, passage)
        else:
            kept.append(passage)
    return kept


def _is_repeat(one: Passage, other: Passage) -> bool:
    if one.video_id != other.video_id or one.kind is not other.kind:
        return False
    if one.kind is SegmentKind.SPEECH:
        shared = set(one.units) & set(other.units)
        return bool(shared) and len(one.text) + len(other.text) < 2 * MAX_PASSAGE_CHARACTERS
    return one.text == other.text and one.span.padded(2.0).overlaps(other.span)


def _union(one: Passage, other: Passage) -> Passage:
    span = one.span.hull(other.span)
    if one.kind is not SegmentKind.SPEECH:
        return replace(one, span=span)
    units = tuple(sorted(set(one.units) | set(other.units)))
    text = joined_lines(text for _, text in units)
    return replace(one, span=span, units=units, text=text, confidence=min(one.confidence, other.confidence))


def numbered(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages as E1, E2, ... in the order given."""
    return tuple(p.named(f"E{i}") for i, p in enumerate(passages, start=1))
