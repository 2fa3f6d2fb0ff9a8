"""The whole sentences of a transcript, each with its own time. Pure.

A recogniser writes a sentence an utterance, but a cue of subtitles may hold half of one, or two.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import regex

from app.core.runs import runs
from app.core.types import SegmentKind, TimeSpan, Utterance
from app.services.topics import Sentence
from app.text.sentences import split_sentences

PAUSE_S = 2.0
"""A sentence does not go on after a longer pause."""
LONGEST_WORDS = 60
"""Where nobody writes full stops, a sentence is not continued beyond this."""
_ENDED = regex.compile(r"[.!?\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964][\"'\u2019\u201d\u00bb)\]]*$")


def transcript_sentences(utterances: Sequence[Utterance]) -> list[Sentence]:
    """The spoken sentences in order: cues that one sentence runs through are joined, several in one are split."""
    sentences = []
    for group in runs(utterances, _continues):
        text = " ".join(" ".join(one.text.split()) for one in group)
        at = 0
        for sentence in split_sentences(text):
            start = text.index(sentence, at)
            at = start + len(sentence)
            span = TimeSpan(_time_at(group, start, len(text)), _time_at(group, at, len(text), end=True))
            sentences.append(Sentence(span, SegmentKind.SPEECH, sentence, speaker=group[0].speaker))
    return sentences


def _continues(group: Sequence[Utterance], following: Utterance) -> bool:
    """Whether an utterance goes on with the sentence before it: that one has no end, and this one no beginning."""
    last = group[-1]
    if following.speaker != last.speaker or following.span.start_s - last.span.end_s > PAUSE_S:
        return False
    if not _ENDED.search(last.text.rstrip()):
        is_open = following.text.lstrip()[:1].islower()
    else:
        apart = _count(last.text) + _count(following.text)
        is_open = len(split_sentences(f"{last.text} {following.text}")) < apart
    return is_open and sum(len(one.text.split()) for one in (*group, following)) <= LONGEST_WORDS


@functools.lru_cache(maxsize=64)
def _count(text: str) -> int:
    return len(split_sentences(text))


def _time_at(group: Sequence[Utterance], place: int, length: int, *, end: bool = False) -> float:
    """When a character of the joined text is said: exact at the borders of words with times, else in proportion."""
    if place <= 0:
        return group[0].span.start_s
    if place >= length:
        return group[-1].span.end_s
    passed = 0
    for one in group:
        own = " ".join(one.text.split())
        if place <= passed + len(own):
            number, count = len(own[: place - passed].split()), len(one.words)
            if count == len(own.split()) and 0 < number <= count:
                return one.words[number - 1].span.end_s if end else one.words[min(number, count - 1)].span.start_s
            share = min(1.0, max(0.0, (place - passed) / max(1, len(own))))
            return one.span.start_s + share * one.span.duration_s
        passed += len(own) + 1
    return group[-1].span.end_s
