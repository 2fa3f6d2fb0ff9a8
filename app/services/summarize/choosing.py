"""Extractive summarization: chooses the sentences that represent a video. Pure except for the embedder's vectors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from app.core.requests import Style
from app.core.types import Chapter, Citation, SegmentKind, VideoId
from app.services.screen_text_filter import PROSE, letter_share, longest_prose
from app.services.summarize import cues, minutes
from app.services.summarize.shapes import Point
from app.services.topics import Sentence
from app.text.sentences import one_line

BLOCK_S = 75.0
"""Chapters are split into blocks of about this length, so that long ones get their share and nothing is skipped."""
MOST_POINTS = 4
"""Points per block."""
LEAST_WORDS = 4
LONGEST_POINT = 60
"""The most words of a quoted sentence; its citation holds all of it."""
LONGEST_READ = 30
"""The same of a text on the screen, which no sign may end."""
SAME_COSINE = 0.85
SAME_WORDS = 0.6


def inside(chapter: Chapter, sentences: Sequence[Sentence], *, last: bool) -> list[Sentence]:
    """The sentences whose middle lies in a chapter; the last chapter includes those at the very end."""
    start, end = chapter.span.start_s, chapter.span.end_s
    return [s for s in sentences if start <= s.span.middle_s and (s.span.middle_s < end or last)]


def blocks(chapter: Chapter, sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    """The sentences of a chapter in blocks of equal duration, without empty blocks."""
    count = max(1, round(chapter.span.duration_s / BLOCK_S))
    parts: list[list[Sentence]] = [[] for _ in range(count)]
    for sentence in sentences:
        share = (sentence.span.middle_s - chapter.span.start_s) / max(chapter.span.duration_s, 1e-9)
        parts[min(count - 1, max(0, int(share * count)))].append(sentence)
    return [block for block in parts if block]


def standalone(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Sentences that can stand alone: spoken ones of a few words; else on-screen texts, those in words first; else
    captions."""
    spoken = [s for s in sentences if s.kind is SegmentKind.SPEECH and len(s.text.split()) >= LEAST_WORDS]
    if spoken:
        return spoken
    written = [s for s in sentences if s.kind is SegmentKind.SCREEN_TEXT and len(s.text.split()) >= 2]
    written = [s for s in written if letter_share(s.text) >= PROSE] or written
    return written or [s for s in sentences if s.kind is SegmentKind.CAPTION and s.text.strip()]


def ranked(video: VideoId, sentences: Sequence[Sentence], vectors: NDArray[np.float32], style: Style) -> list[Point]:
    """At most four representative sentences, best first: near the mean, worded in the style, and different.

    For minutes every item of business comes first, in order of time. This is maximal marginal relevance (Carbonell
    and Goldstein 1998, equal parts of relevance and novelty); a sentence that nearly repeats a chosen one is never
    chosen.
    """
    if not sentences:
        return []
    if style is Style.MINUTES:
        items = [i for i, s in enumerate(sentences) if cues.label(s.text, style)]
        if items:
            rest = [i for i in range(len(sentences)) if i not in set(items)]
            talk = ranked(video, [sentences[i] for i in rest], vectors[rest], style)
            return [_point(video, sentences[i], style) for i in items] + talk
    relevance = vectors @ vectors.mean(axis=0) + np.array([cues.weight(s.text, style) for s in sentences], np.float32)
    chosen: list[int] = []
    open_ = np.ones(len(sentences), bool)
    while len(chosen) < MOST_POINTS and open_.any():
        alike = (vectors @ vectors[chosen].T).max(axis=1) if chosen else np.zeros(len(sentences), np.float32)
        open_ &= alike < SAME_COSINE
        if not open_.any():
            break
        best = int(np.where(open_, relevance - 0.5 * np.maximum(alike, 0.0), -np.inf).argmax())
        chosen.append(best)
        open_[best] = False
    return [_point(video, sentences[i], style) for i in chosen]


def _point(video: VideoId, sentence: Sentence, style: Style) -> Point:
    quote = " ".join((sentence.quote or sentence.text).split())
    text, longest = one_line(sentence.text), LONGEST_POINT
    if sentence.kind is SegmentKind.SPEECH:
        text = quote
    elif sentence.kind is SegmentKind.SCREEN_TEXT:
        text, longest = one_line(longest_prose(sentence.text)), LONGEST_READ
    citation = Citation(video, sentence.span, sentence.kind, quote, sentence.frame_s, verified=True)
    who = ""
    if style is Style.MINUTES:
        named = minutes.kind_of(text)[1]
        who = named if named not in ("", "I") else sentence.speaker or ""
    return Point(shortened(text, longest), (citation,), cues.label(text, style), who)


def shortened(text: str, words: int) -> str:
    """The text if it has at most that many words, else its beginning with three dots."""
    listed = text.split()
    return text if len(listed) <= words else " ".join(listed[: max(words, 1)]).rstrip(".,;:") + " ..."


def filled(lists: Sequence[Sequence[Point]], words: int) -> list[list[Point]]:
    """Takes the best point of each list in turn until the words are used up; lists stay separate, in time order.

    If there are more lists than sentences that fit, evenly spread lists come first.
    """
    chosen: list[list[Point]] = [[] for _ in lists]
    used = 0
    for rank in range(max((len(one) for one in lists), default=0)):
        for place in spread(len(lists)):
            if rank >= len(lists[place]):
                continue
            point = lists[place][rank]
            size = len(point.text.split())
            if used + size <= words and not repeats(point, (p for one in chosen for p in one)):
                chosen[place].append(point)
                used += size
    return [sorted(one, key=lambda p: p.span) for one in chosen]


def spread(count: int) -> list[int]:
    """0 to count - 1, ordered so that every prefix is spread over the whole: first, middle, quarters, ..."""
    order: list[int] = []
    step = 1
    while step < count:
        step *= 2
    while step >= 1:
        order += [i for i in range(0, count, step) if i not in order]
        step //= 2
    return order


def repeats(point: Point, others: Iterable[Point]) -> bool:
    """Whether a point nearly repeats the words of another."""
    own = _words(point.text)
    return any(len(own & _words(o.text)) >= SAME_WORDS * max(1, min(len(own), len(_words(o.text)))) for o in others)


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"\w+", text.lower()) if len(word) > 3)
