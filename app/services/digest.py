"""Writes the digest of a video: chapters, and a summary in which every sentence cites its source.

Built bottom-up. The sentences nearest to the middle of a chapter's meaning stand for it. A model that reads enough
phrases title and summary from these sentences alone, and a sentence of its own is shown only if a judge finds it in
its sources (`app.services.claim_judge`). Otherwise the video's sentences themselves are quoted, whole.

A chapter's title is the heading on the screen at its beginning, what such a model calls it, the phrases that set it
apart from the other chapters, or the title of a small model if its words are those of the chapter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

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
from app.services.claim_judge import can_write, judge_claims
from app.services.claim_support import is_supported
from app.services.screen_text_filter import letter_share, longest_prose
from app.services.topics import Sentence, chapter_spans
from app.services.transcript_sentences import LONGEST_WORDS
from app.text.keyphrases import key_phrases
from app.text.languages import guess_language
from app.text.sentences import one_line

MOST_CHARACTERS = 600_000
"""About ten hours of talk; a file of subtitles may hold many times as much, and each sentence is embedded."""
SENTENCES_A_CHAPTER = 4
CHAPTER_WORDS = 45
SCREEN_WORDS = 25
HEADING_S = 3.0
"""A heading on the screen belongs to a chapter when both begin within this time."""
HEADING_LINES, HEADING_WORDS = 8, 8
"""Lines at most of a picture whose first line is taken for its heading, and words of a heading."""
LETTERS = 0.7
"""The share of letters in a heading; code and tables have fewer."""

TITLE_WORDS = 8
FIRST_WORDS = 7
"""Words at most of a title that is the beginning of a sentence."""

TASK = "Give a title of 2 to 6 words, as in a table of contents"
TITLE_SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "maxLength": 60}},
    "required": ["title"],
    "additionalProperties": False,
}
CHAPTER_SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 60},
        "summary": {"type": "string", "maxLength": 300},
        "notes": {"type": "array", "items": {"type": "integer"}, "maxItems": SENTENCES_A_CHAPTER},
    },
    "required": ["title", "summary", "notes"],
    "additionalProperties": False,
}


_ENDED = re.compile(r"[.!?\u2026\u3002\uff01\uff1f\u061f\u0964][\"'\u2019\u201d\u00bb)\]]*$")
_CODE = re.compile(r"[;{}=<>|\\]|[a-z][.(][A-Za-z]|\(\)")
_BULLET = re.compile(r"^[\s#*>\u2022\u2013-]+")
_SAMPLE = 2000
"""Characters from which the language of a video is guessed."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A chapter, and the sentences of its summary, each with its own sources."""

    chapter: Chapter
    sentences: tuple[tuple[str, tuple[Citation, ...]], ...]


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
    length = sum(len(s.text) for s in sentences)
    if length > MOST_CHARACTERS:  # as many as allowed, evenly spread
        count = len(sentences) * MOST_CHARACTERS // length
        sentences = [sentences[place * len(sentences) // count] for place in range(count)]
    vectors = embedder.embed([s.text for s in sentences])
    ends = [*starts_s[1:], duration_s]
    given_spans = [TimeSpan(start, end) for start, end in zip(starts_s, ends, strict=False)]
    spans = given_spans or chapter_spans(duration_s, sentences, vectors)
    inside = [[i for i, s in enumerate(sentences) if span.start_s <= s.span.middle_s < span.end_s] for span in spans]
    headings = _key_headings([[sentences[i] for i in chosen] for chosen in inside])
    parts: list[_Part] = []
    chapter_done(0, len(spans))
    for number, (span, chosen) in enumerate(zip(spans, inside, strict=True)):
        own = [sentences[i] for i in chosen]
        parts.append(writer.chapter(number, span, own, vectors[chosen], headings[number]))
        chapter_done(number + 1, len(spans))
    summary, citations = _summary(parts, words)
    return Digest(summary, tuple(part.chapter for part in parts), citations)


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
        self, number: int, span: TimeSpan, sentences: Sequence[Sentence], vectors: NDArray[np.float32], heading: str
    ) -> _Part:
        """The chapter of a span with these sentences; `heading` is its title where nothing better is known."""
        # spoken sentences of some words may be quoted; else texts of two words; else all texts
        quotable = [i for i, s in enumerate(sentences) if not s.quote]
        longer = [i for i in quotable if len(sentences[i].text.split()) > 1]
        said = [i for i in longer if sentences[i].kind is SegmentKind.SPEECH and len(sentences[i].text.split()) > 3]
        pool = said or longer or quotable
        sources = [sentences[pool[i]] for i in central(vectors[pool], SENTENCES_A_CHAPTER)]
        spoken = bool(sources) and sources[0].kind is SegmentKind.SPEECH
        shown = [] if spoken else [s for s in sentences if s.quote][:1]
        if not sources and not shown:
            return _Part(Chapter(span, f"Part {number + 1}", ""), ())
        title, written = self._write(sources)
        described = [(s.text, (self._cite(s),)) for s in shown]
        quoted = []
        for source in sources[:2]:
            longest = LONGEST_WORDS if source.kind is SegmentKind.SPEECH else SCREEN_WORDS
            text = source.text if source.kind is SegmentKind.SPEECH else longest_prose(source.text)
            quoted.append((_shortened(one_line(text), longest), (self._cite(source),)))
        candidates = [*described, *(written or quoted)]
        own = candidates[:1]
        for one in candidates[1:]:
            if sum(len(text.split()) for text, _ in [*own, one]) > CHAPTER_WORDS:
                break
            own.append(one)
        title = _shown_heading(span, sentences) or title or heading or self._short_title(sources, sentences)
        if not title and sources:  # the beginning of the first line, without the signs of a list or a heading
            line = _BULLET.sub("", sources[0].text.strip().split("\n")[0])
            title = _shortened(" ".join(line.split()).rstrip(".,;:"), FIRST_WORDS)
        elif not title:
            title = re.split("[;,.]", shown[0].text)[0]
        citations = tuple(dict.fromkeys(citation for _, cited in own for citation in cited))
        return _Part(Chapter(span, title, _joined([text for text, _ in own]), citations), tuple(own))

    def _write(self, sources: Sequence[Sentence]) -> tuple[str, list[tuple[str, tuple[Citation, ...]]]]:
        """The title and the sentence that a capable model writes, each only if a judge finds it in the sources."""
        try:
            if not sources or self._model is None or not can_write(self._model):
                return "", []
            task = f"{TASK}, one sentence of summary, and the numbers of the notes that say it."
            reply = self._ask(self._model, sources, task, CHAPTER_SCHEMA, 160)
            cited = [self._cite(sources[n - 1]) for n in reply["notes"] if 0 < n <= len(sources)]
            every = [self._cite(source) for source in sources]
            title, summary = _tidy_title(reply["title"]), " ".join(str(reply["summary"]).split())
            has_title, has_summary = judge_claims(self._model, [(title, every), (summary, cited)])
        except (Cancelled, StorageFull):
            raise
        except (LongreelError, ValueError, KeyError, TypeError):
            return "", []
        return title if has_title else "", [(summary, tuple(cited))] if has_summary and summary else []

    def _short_title(self, sources: Sequence[Sentence], sentences: Sequence[Sentence]) -> str:
        """The title of a small model, if its words are those of the chapter."""
        if self._model is None or not sources:
            return ""
        try:
            title = _tidy_title(self._ask(self._model, sources, f"{TASK}.", TITLE_SCHEMA, 40)["title"])
        except (Cancelled, StorageFull):
            raise
        except (LongreelError, ValueError, KeyError, TypeError):
            return ""  # the chapter's first words are its title then
        short = 0 < len(title.split()) <= TITLE_WORDS
        return title if short and is_supported(title, [self._cite(s) for s in sentences]) else ""

    def _ask(
        self, model: Chat, sources: Sequence[Sentence], task: str, schema: dict[str, object], limit: int
    ) -> dict[str, Any]:
        notes = "\n".join(f"{number}. {one_line(s.text)}" for number, s in enumerate(sources, 1))
        messages = [
            Message("system", "You write short, plain headings and summaries. Use only facts from the notes."),
            Message("user", f"Notes from one part of a video:\n{notes}\n\n{task}"),
        ]
        reply: dict[str, Any] = json.loads(model.chat(messages, max_output=limit, schema=schema).text)
        return reply

    def _cite(self, sentence: Sentence) -> Citation:
        quote = sentence.quote or sentence.text
        return Citation(self._video, sentence.span, sentence.kind, quote, sentence.frame_s, verified=True)


def _shown_heading(chapter: TimeSpan, sentences: Sequence[Sentence]) -> str:
    """The title on the screen at the beginning of a chapter: a whole title card, or the first line of a slide."""
    for sentence in sentences:
        begins = abs(sentence.span.start_s - chapter.start_s) <= HEADING_S
        lines = [line.strip() for line in (sentence.quote or sentence.text).split("\n")]
        if sentence.kind is not SegmentKind.SCREEN_TEXT or not begins or len(lines) > HEADING_LINES:
            continue
        heading = ": ".join(lines) if sentence.is_title else lines[0]
        is_words = not _CODE.search(heading) and letter_share(heading) >= LETTERS
        if 1 < len(heading.split()) <= HEADING_WORDS and is_words:
            return heading
    return ""


def _key_headings(parts: Sequence[Sequence[Sentence]]) -> list[str]:
    """A heading for each part from the phrases that set it apart; "" where there are none, or none are English.

    Parts with the same first phrases get different second ones, as far as there are any.
    """
    spoken = [" ".join(s.text for s in part if s.kind is SegmentKind.SPEECH) for part in parts]
    if guess_language(" ".join(spoken)[:_SAMPLE]) != "en":
        return [""] * len(parts)
    headings: list[str] = []
    for phrases in key_phrases(spoken, most=4):
        choices = [", ".join([*phrases[:1], *phrases[n : n + 1]]) for n in range(1, max(2, len(phrases)))]
        spelt = [choice[:1].upper() + choice[1:] for choice in choices]
        headings.append(next((choice for choice in spelt if choice not in headings), spelt[0]))
    return headings


def _tidy_title(text: object) -> str:
    return " ".join(str(text).split()).strip(" .\"'")


def _shortened(text: str, words: int) -> str:
    listed = text.split()
    return text if len(listed) <= words else " ".join(listed[:words]).rstrip(".,;:") + " ..."


def _joined(sentences: Sequence[str]) -> str:
    """Sentences as running text that splits into the same sentences again."""
    ended = [text if _ENDED.search(text) else f"{text}." for text in sentences[:-1]]
    return " ".join([*ended, *sentences[-1:]])


def _summary(parts: Sequence[_Part], words: int) -> tuple[str, tuple[Citation, ...]]:
    """Whole sentences of the chapters' summaries with their citations: first one of each chapter, then more.

    If not all fit, shorter ones come first, so that most chapters are covered. At least one is taken, the shortest.
    """
    candidates = [(number, place, one) for number, part in enumerate(parts) for place, one in enumerate(part.sentences)]
    chosen: list[tuple[int, int, tuple[str, tuple[Citation, ...]]]] = []
    for one in sorted(candidates, key=lambda one: (one[1], len(one[2][0].split()), one[0])):
        used = sum(len(text.split()) for *_, (text, _) in chosen)
        if not chosen or used + len(one[2][0].split()) <= words:
            chosen.append(one)
    chosen.sort(key=lambda one: one[:2])
    citations = dict.fromkeys(citation for *_, (_, cited) in chosen for citation in cited)
    return _joined([_shortened(text, words) for *_, (text, _) in chosen]), tuple(citations)
