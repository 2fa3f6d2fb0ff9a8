"""Joins words with times into sentences with times. Knows no model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.core.runs import runs
from app.core.types import TimeSpan, Utterance, Word

LONGEST_S = 15.0
"""A longer sentence is split at its pauses."""

PAUSE_S = 2.0
"""A pause this long ends a sentence, whatever the punctuation."""

_CLOSING = r"[\"'\u201d\u2019\u00bb)\]]*$"
_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f]+" + _CLOSING)
_COMMA = re.compile(r"[,;:\u2014\u2013\u3001\uff0c\uff1b\uff1a-]" + _CLOSING)
_ABBREVIATION = re.compile(
    r"(?i)^[\"'\u201c\u2018(\[]*(?:mr|mrs|ms|dr|prof|st|sr|jr|vs|etc|no|fig|approx|e\.g|i\.e|[a-z]|(?:[a-z]\.)+[a-z])\.$"
)


@dataclass(frozen=True, slots=True)
class ModelWord:
    """One word as the model wrote it, with a leading space if the language uses spaces."""

    written: str
    span: TimeSpan
    probability: float
    language: str = ""
    """ISO 639-1; empty if it is unknown."""


def utterances(words: Sequence[ModelWord]) -> list[Utterance]:
    """Sentences in time order, each from the start of its first word to the end of its last."""
    sentences = runs(words, lambda sentence, word: not _ends(sentence[-1], word))
    spoken = []
    for part in (part for sentence in sentences for part in _shortened(sentence)):
        span = TimeSpan(part[0].span.start_s, part[-1].span.end_s)
        text = " ".join("".join(word.written for word in part).split())
        stripped = tuple(Word(word.written.strip(), word.span, word.probability) for word in part)
        confidence = sum(word.probability for word in part) / len(part)
        spoken.append(Utterance(span, text, stripped, confidence=confidence, language=part[0].language or None))
    return spoken


def _ends(word: ModelWord, following: ModelWord) -> bool:
    if following.span.start_s - word.span.end_s >= PAUSE_S or following.language != word.language:
        return True
    written = word.written.strip()
    if not _END.search(written):
        return False
    if written.endswith((".", "…")) and _ABBREVIATION.match(written):
        return False
    return not following.written.strip()[:1].islower()


def _shortened(sentence: Sequence[ModelWord]) -> Iterator[Sequence[ModelWord]]:
    """Splits a sentence that is too long at its longest pause; a comma counts as half a second of pause."""
    if len(sentence) < 2 or sentence[-1].span.end_s - sentence[0].span.start_s <= LONGEST_S:
        yield sentence
        return
    length = sentence[-1].span.end_s - sentence[0].span.start_s
    middle = (sentence[0].span.start_s + sentence[-1].span.end_s) / 2

    def worth(index: int) -> tuple[float, float]:
        before, after = sentence[index - 1], sentence[index]
        pause = after.span.start_s - before.span.end_s
        comma = 0.5 if _COMMA.search(before.written.strip()) else 0.0
        off_centre = abs(after.span.start_s - middle) / length
        return pause + comma - off_centre, -float(index)

    cut = max(range(1, len(sentence)), key=worth)
    yield from _shortened(sentence[:cut])
    yield from _shortened(sentence[cut:])
