"""Writes the digest of a video: chapters, and a summary in which every sentence cites its source.

Built bottom-up. The sentences nearest to the middle of a chapter's meaning stand for it; the
language model, when there is one, phrases title and summary from these sentences alone, and a
phrased sentence is kept only if the one or two nearest of them support it, a title only if the
chapter does, by the checks of `app.services.claim_support`. Without a model, or where its words are
not supported, the sentences themselves are quoted. A heading that the screen shows at the beginning
of a chapter is its title.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from app.core.errors import Cancelled, LongreelError, StorageFull
from app.core.ports import Chat, TextEmbedder
from app.core.types import (
    Chapter,
    Citation,
    Digest,
    Message,
    SegmentKind,
    TimeSpan,
    VideoId,
)
from app.services.claim_support import is_supported
from app.services.topics import Sentence, chapter_spans

MOST_SENTENCES = 8_000
"""More than ten hours of talk have; a file of subtitles may hold hundreds of thousands, and each is embedded."""
SENTENCES_A_CHAPTER = 4
CHAPTER_WORDS = 45
SUPPORT = 0.5
"""Cosine between a phrased sentence and its source, below which it does not count as supported."""
HEADING_S = 3.0
"""A heading on the screen belongs to a chapter when both begin within this time."""
HEADING_LINES, HEADING_WORDS = 8, 8
"""Lines at most of a picture whose first line is taken for its heading, and words of a heading."""
LETTERS = 0.7
"""The share of letters in a heading; code and tables have fewer."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")

TASK = "Give a title of 2 to 6 words and one sentence of summary."
TITLE_SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "maxLength": 60}, "summary": {"type": "string", "maxLength": 300}},
    "required": ["title", "summary"],
    "additionalProperties": False,
}


def make_digest(
    video: VideoId,
    duration_s: float,
    sentences: Sequence[Sentence],
    embedder: TextEmbedder,
    model: Chat | None,
    *,
    words: int,
    chapter_done: Callable[[int, int], None],
    starts_s: Sequence[float] = (),
) -> Digest:
    """Chapters and summary of a video; `chapter_done(done, total)` is called before the first and after each chapter.

    The chapters begin at `starts_s`, of which the first is 0; without these where the topic changes.
    `words` bounds the summary. A video of which nothing is known has one chapter without a summary.
    """
    writer = _Writer(video, embedder, model)
    sentences = _spread(sentences, MOST_SENTENCES)
    vectors = embedder.embed([s.text for s in sentences])
    ends = [*starts_s[1:], duration_s]
    given = [TimeSpan(start, end) for start, end in zip(starts_s, ends, strict=False)]
    spans = given or chapter_spans(duration_s, sentences, vectors)
    chapters: list[Chapter] = []
    chapter_done(0, len(spans))
    for number, span in enumerate(spans):
        inside = [i for i, s in enumerate(sentences) if span.start_s <= s.span.middle_s < span.end_s]
        chapters.append(writer.chapter(number, span, [sentences[i] for i in inside], vectors[inside]))
        chapter_done(number + 1, len(spans))
    summary, citations = _summary(chapters, words)
    return Digest(summary, tuple(chapters), citations)


def _spread(sentences: Sequence[Sentence], most: int) -> Sequence[Sentence]:
    """All sentences, or as many as allowed, evenly spread."""
    if len(sentences) <= most:
        return sentences
    return [sentences[place * len(sentences) // most] for place in range(most)]


def central(vectors: NDArray[np.float32], count: int) -> list[int]:
    """The rows nearest to the mean that do not repeat one another, ascending (maximal marginal relevance)."""
    if not len(vectors):
        return []
    relevance = vectors @ vectors.mean(axis=0)
    chosen: list[int] = []
    while len(chosen) < min(count, len(vectors)):
        repeated = (vectors @ vectors[chosen].T).max(axis=1) if chosen else np.zeros(len(vectors))
        score = relevance - 0.5 * repeated
        score[chosen] = -np.inf
        chosen.append(int(score.argmax()))
    return sorted(chosen)


class _Writer:
    """Writes chapters from sentences."""

    def __init__(self, video: VideoId, embedder: TextEmbedder, model: Chat | None) -> None:
        self._video = video
        self._embedder = embedder
        self._model = model

    def chapter(
        self, number: int, span: TimeSpan, sentences: Sequence[Sentence], vectors: NDArray[np.float32]
    ) -> Chapter:
        pool = _pool(sentences)
        sources = [sentences[pool[i]] for i in central(vectors[pool], SENTENCES_A_CHAPTER)]
        spoken = bool(sources) and sources[0].kind is SegmentKind.SPEECH
        shown = [] if spoken else [s for s in sentences if s.quote][:1]
        if not sources and not shown:
            return Chapter(span, f"Part {number + 1}", "")
        phrased_title, phrased = self._phrase(sources)
        if not is_supported(phrased_title, [self._cite(s) for s in sentences]):
            phrased_title = ""
        kept, cited = self._supported(phrased, sources)
        if not kept:
            kept, cited = [s.text for s in sources[:2]], sources[:2]
        summary = _within([*(s.text for s in shown), *kept], CHAPTER_WORDS)
        title = _shown_heading(span, sentences) or phrased_title
        title = title or (_first_words(sources[0].text) if sources else re.split("[;,.]", shown[0].text)[0])
        return Chapter(span, title, summary, tuple(map(self._cite, [*shown, *cited])))

    def _phrase(self, sources: Sequence[Sentence]) -> tuple[str, str]:
        if self._model is None or not sources:
            return "", ""
        notes = "\n".join(f"- {_within([s.text], 40)}" for s in sources)
        messages = [
            Message("system", "You write short, plain headings and summaries. Use only facts from the notes."),
            Message(
                "user",
                f"Notes from one part of a video:\n{notes}\n\n{TASK}",
            ),
        ]
        try:
            written = json.loads(self._model.chat(messages, max_output=90, schema=TITLE_SCHEMA).text)
            return str(written["title"]).strip(" .\"'"), str(written["summary"]).strip()
        except (Cancelled, StorageFull):
            raise
        except (LongreelError, ValueError, KeyError, TypeError):
            return "", ""  # the sentences themselves are the summary then

    def _supported(self, phrased: str, sources: Sequence[Sentence]) -> tuple[list[str], Sequence[Sentence]]:
        sentences = [s[0].upper() + s[1:] for s in _SENTENCE_END.split(phrased) if len(s.split()) > 2]
        if not sentences or not sources:
            return [], []
        likeness = self._embedder.embed(sentences) @ self._embedder.embed([s.text for s in sources]).T
        supported: list[str] = []
        cited: list[Sentence] = []
        for sentence, row in zip(sentences, likeness, strict=True):
            proof = self._proof(sentence, [sources[int(i)] for i in (-row).argsort()[:2]])
            if proof and row.max() >= SUPPORT:
                supported.append(sentence)
                cited += proof
        return supported, list(dict.fromkeys(cited))

    def _proof(self, text: str, nearest: Sequence[Sentence]) -> Sequence[Sentence]:
        """The nearest source if it supports the text, else both nearest if they do, else none."""
        tries = (nearest[:count] for count in range(1, len(nearest) + 1))
        return next((some for some in tries if is_supported(text, [self._cite(s) for s in some])), ())

    def _cite(self, sentence: Sentence) -> Citation:
        quote = sentence.quote or sentence.text
        return Citation(self._video, sentence.span, sentence.kind, quote, sentence.frame_s, verified=True)


def _pool(sentences: Sequence[Sentence]) -> list[int]:
    """The places of what may be quoted: spoken sentences of some words; else texts of two words; else all texts."""
    quotable = [i for i, s in enumerate(sentences) if not s.quote]
    spoken = [i for i in quotable if sentences[i].kind is SegmentKind.SPEECH and len(sentences[i].text.split()) > 3]
    return spoken or [i for i in quotable if len(sentences[i].text.split()) > 1] or quotable


def _shown_heading(chapter: TimeSpan, sentences: Sequence[Sentence]) -> str:
    """The title on the screen at the beginning of a chapter: a whole title card, or the first line of a slide."""
    for sentence in sentences:
        begins = abs(sentence.span.start_s - chapter.start_s) <= HEADING_S
        lines = [line.strip() for line in (sentence.quote or sentence.text).split("\n")]
        if sentence.kind is not SegmentKind.SCREEN_TEXT or not begins or len(lines) > HEADING_LINES:
            continue
        heading = ": ".join(lines) if sentence.is_title else lines[0]
        if 1 < len(heading.split()) <= HEADING_WORDS and _is_words(heading):
            return heading
    return ""


def _is_words(text: str) -> bool:
    return sum(map(str.isalpha, text)) >= LETTERS * len("".join(text.split()))


def _first_words(text: str) -> str:
    words = text.split()
    return " ".join(words[:7]).rstrip(".,;:") + (" ..." if len(words) > 7 else "")


def _within(sentences: Sequence[str], words: int) -> str:
    """As many whole sentences as fit; the first one is cut when it alone is too long."""
    parts: list[str] = []
    for sentence in sentences:
        if sum(len(s.split()) for s in parts) + len(sentence.split()) > words:
            break
        parts.append(" ".join(sentence.split()))
    if not parts and sentences:
        return " ".join(sentences[0].split()[:words]) + " ..."
    return " ".join(parts)


def _summary(chapters: Sequence[Chapter], words: int) -> tuple[str, tuple[Citation, ...]]:
    """Whole sentences of the chapters' summaries with their citations: first one of each chapter, then more.

    If not all fit, shorter ones come first, so that most chapters are covered.
    """
    candidates = [(n, k, s) for n, c in enumerate(chapters) for k, s in enumerate(_SENTENCE_END.split(c.summary)) if s]
    chosen: list[tuple[int, int, str]] = []
    for one in sorted(candidates, key=lambda one: (one[1], len(one[2].split()), one[0])):
        if sum(len(s.split()) for *_, s in chosen) + len(one[2].split()) <= words:
            chosen.append(one)
    if candidates and not chosen:
        number, place, sentence = candidates[0]
        chosen = [(number, place, _within([sentence], words))]
    citations = [citation for n in sorted({n for n, *_ in chosen}) for citation in chapters[n].citations]
    return " ".join(s for *_, s in sorted(chosen)), tuple(citations)
