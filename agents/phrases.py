"""Noun phrases and names of a text, told by their words alone: what "it" and "she" can stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.vocabulary import ARTICLES, CALENDAR, PLAIN_VERBS, STOP_WORDS

LONGEST = 5
"""Words of a noun phrase, its article included."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019.-][^\W_]+)*")
_NAME = re.compile(r"\b[A-Z][\w'-]*\w(?:\s+[A-Z][\w'-]*\w)*")
_HELPER = re.compile(r"\b(?:do|does|did|will|would|can|could|should|must)\b", re.IGNORECASE)
_COPULA = re.compile(r"\b(?:is|are|was|were)\s+(?=(?:the|a|an|his|her|their|our)\s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a text and where it stands there, in characters."""

    text: str
    start: int
    end: int


def noun_phrases(text: str) -> list[Phrase]:
    """Articles with the words that follow them, in order. The main verb that ends a question is not among them."""
    found: list[Phrase] = []
    tokens = list(_WORD.finditer(text))
    at = 0
    while at < len(tokens):
        run = _run(tokens, at, text) if tokens[at][0].lower() in ARTICLES else 0
        if run > 1:
            start, end = tokens[at].start(), tokens[at + run - 1].end()
            found.append(Phrase(text[start:end], start, end))
        at += max(1, run)
    return found


def _run(tokens: list[re.Match[str]], at: int, text: str) -> int:
    """How many words from `at` belong to its noun phrase; 1 for an article alone."""
    size = 1
    while size < LONGEST and at + size < len(tokens):
        word = tokens[at + size][0].lower()
        gap = text[tokens[at + size - 1].end() : tokens[at + size].start()]
        if word in STOP_WORDS or (size > 1 and word in PLAIN_VERBS) or gap.strip():
            break
        size += 1
    reaches_end = at + size == len(tokens)
    asks = text.rstrip().endswith("?") and _HELPER.search(text[: tokens[at].start()])
    return size - 1 if size > 2 and reaches_end and asks else size


def named(text: str) -> list[Phrase]:
    """Names: words with a capital, those that belong together as one. The first word of a text is none by itself."""
    found = []
    for match in _NAME.finditer(text):
        phrase = _without_common(Phrase(match[0], match.start(), match.end()))
        if phrase.text and not (phrase.start == 0 and " " not in phrase.text):
            found.append(phrase)
    return found


def _without_common(phrase: Phrase) -> Phrase:
    """A name without the words before it that only have their capital from a sentence or the calendar: "In March"."""
    first, _, rest = phrase.text.partition(" ")
    if first.lower() not in STOP_WORDS | CALENDAR:
        return phrase
    return (
        _without_common(Phrase(rest, phrase.end - len(rest), phrase.end))
        if rest
        else Phrase("", phrase.end, phrase.end)
    )


def complement(text: str) -> str:
    """What something is said to be: "the bridge" in "The first item is the bridge."; else what is new; or ""."""
    match = _COPULA.search(text)
    if match:
        found = noun_phrases(text[match.end() :])
        return found[0].text if found else ""
    new = [phrase.text for phrase in noun_phrases(text) if re.match(r"an?\s", phrase.text)]
    return re.sub(r"^an?\s", "the ", new[0]) if new else ""
