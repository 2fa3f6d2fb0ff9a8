"""Who says something: the words must be there, and the name stands in the sentence or belongs to the voice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agents.patterns import alternatives
from agents.quoting import cited
from agents.state import Claim, Draft, Passage
from agents.vocabulary import STOP_WORDS
from agents.wording import words
from app.core.ports import VideoLibrary
from app.core.types import SegmentKind, TimeSpan

TOLD = 0.6
"""The share of the words asked about that one sentence must hold, as they are and not only in their meaning."""

_VERBS = alternatives(r"""
    says?|said|asks?|asked|claims?|claimed|mentions?|mentioned|tells?|told|explains?|explained|announces?|announced
    argues?|argued|suggests?|suggested|proposes?|proposed|wonders?|wondered|complains?|complained|answers?|answered
""")
_WHO = re.compile(rf"^who (?:{_VERBS})\b(?: us| me)?(?: that| whether| if| about)?\s+(?P<said>.+)", re.IGNORECASE)
_NAME = r"(?<![\w'-])(?:[Tt]he |[Aa]n? )?[A-Za-z][\w'-]*(?: [A-Z][\w'-]*){0,3}"
_REPORTED = re.compile(rf"(?P<who>{_NAME}) (?:{_VERBS})\b(?= (?:that|whether|if|about|us|me)\b)")


def statement(question: str) -> str:
    """What somebody is asked to have said: "Who says that it rains?"; empty for another question."""
    match = _WHO.match(question.strip())
    return match["said"].strip(" ?.\"'\u201c\u201d") if match else ""


def who_said(said: str, passages: Sequence[Passage], library: VideoLibrary) -> Draft:
    """The sentence that holds the words, with the name of who says them, or that nothing tells it."""
    wanted = [word for word in words(said) if word not in STOP_WORDS] or words(said)
    rated = [
        (_share(wanted, text), passage, span, text)
        for passage in passages
        if passage.kind is SegmentKind.SPEECH
        for span, text in passage.units
    ]
    best = max(rated, key=lambda one: (one[0], bool(_reported(one[3]))), default=None)
    if best is None or best[0] < TOLD:
        return Draft(by="rules")
    _, passage, span, text = best
    sentence = replace(passage, span=span, text=text, units=((span, text),))
    name = _reported(text) or _voice(passage, span, library)
    told = f"{name}. {cited(sentence)}" if name else f"{cited(sentence)} Nothing tells whose voice this is."
    return Draft((Claim(told, (sentence,), verbatim=True),), by="rules")


def _share(wanted: Sequence[str], text: str) -> float:
    """The share of the words that a text holds, whatever their endings."""
    there = words(text)
    held = [
        word for word in wanted if any(one == word or one.startswith(word[: max(4, len(word) - 2)]) for one in there)
    ]
    return len(held) / len(wanted)


def _reported(text: str) -> str:
    match = _REPORTED.search(text)
    name = match["who"] if match else ""
    return "" if name.lower() in STOP_WORDS else name


def _voice(passage: Passage, span: TimeSpan, library: VideoLibrary) -> str:
    said = library.utterances(passage.video_id, span)
    return next((u.speaker for u in said if u.speaker and u.span.contains(span.middle_s)), "")
