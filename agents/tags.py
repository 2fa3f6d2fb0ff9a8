"""What classifiers tell of pictures: classes of things and measured colours. A hint to a person, never a proof.

Why it is told at all, and how: docs/decisions/0005-tags-are-not-proof.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from agents.state import Claim, Draft, Passage, Plan
from agents.wanted import premises
from agents.wording import clock, coverage
from app.core.types import SegmentKind

NAMED = 4
"""How many recognised things are named to a person."""

_COLOURS = re.compile(r"\bColours: (?P<told>[^.]*)\.")
_CLASSES = re.compile(r"\bLooks like: (?P<told>[^.]*)\.")


def measured(plan: Plan, passages: Sequence[Passage]) -> Draft:
    """A guess from measured colours, if one phrase of them names all that the question is about; else nothing.

    Classes of things are left out: a classifier calls an apple in a hand a maraca, and is sure of it.
    """
    told = measures(plan, passages)
    if not told:
        return Draft(by="rules")
    ((phrase, _),) = Counter(phrase for phrase, _ in told).most_common(1)
    shown = [p for text, p in told if text == phrase][:2]
    text = f"Perhaps {phrase}: measured in the picture at {clock(shown[0].span.start_s)}, but nothing here could look."
    return Draft((Claim(text, tuple(shown), verbatim=True, hedged=True),), by="tags")


def measures(plan: Plan, passages: Sequence[Passage]) -> list[tuple[str, Passage]]:
    """Phrases of measured colours that name every premise of the question, with the passage that tells each."""
    stems = premises(plan)
    if not stems:
        return []
    phrases = [
        (phrase.strip(), passage)
        for passage in sorted(passages, key=lambda p: (p.video_id, p.span.start_s))
        if passage.tagged
        for found in _COLOURS.finditer(passage.text)
        for phrase in found["told"].split(",")
    ]
    return [(phrase, passage) for phrase, passage in phrases if coverage(stems, phrase) == 1.0]


def recognised(passages: Sequence[Passage]) -> list[str]:
    """The classes of things that a classifier named in some passages, most frequent first."""
    counts: Counter[str] = Counter()
    for passage in passages:
        if passage.tagged and passage.kind is SegmentKind.VISUAL:
            counts.update(name.strip() for name in passage.text.split(",") if name.strip())
        for found in _CLASSES.finditer(passage.text) if passage.tagged else ():
            counts.update(name.strip() for name in re.split(r",| and ", found["told"]) if name.strip())
    return [name for name, _ in counts.most_common(NAMED)]
