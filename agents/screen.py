"""Text on the screen as a person reads it: from top to bottom, wrapped lines as one, and what was typed last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agents.numerals import numbers
from agents.state import Passage, Plan
from agents.wording import squeezed, words
from app.core.types import SegmentKind

TYPED_STEPS = 2
"""A line that grew at its end at least so often was typed: other lines change all over, or come at once."""
NEAR_EDGE = 3
"""How many texts from the edge may be passed over for one that has the wanted number of words."""

_ENDS = re.compile(r"[.!?:;]\W*$")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def lines(text: str) -> list[str]:
    """The lines of a text; one that begins in lower case goes on with the line above it."""
    found: list[str] = []
    for line in (part.strip() for part in text.splitlines()):
        if not re.search(r"\w", line):
            continue
        if found and line[0].islower() and not _ENDS.search(found[-1]):
            found[-1] += f" {line}"
        else:
            found.append(line)
    return found


def one_line(text: str) -> str:
    """A text without line breaks; lines that do not belong together are told apart by a stroke."""
    return " / ".join(lines(text))


def at_edge(plan: Plan, passages: Sequence[Passage]) -> list[Passage]:
    """The first or last text on the screen, narrowed to the line, sentence or word that the question asks for."""
    shown = [p for p in passages if p.kind is SegmentKind.SCREEN_TEXT and lines(p.text)]
    shown.sort(key=lambda p: p.span.start_s, reverse=plan.pick == "last")
    if not shown:
        return []
    if plan.pick == "last" and re.search(r"\btyp(?:ed?|es|ing)\b", plan.question, re.IGNORECASE):
        typed = last_typed(shown[::-1])
        if typed:
            return [typed]
    chosen = shown[0]
    if plan.unit in ("line", "sentence"):
        chosen = next((p for p in shown[:NEAR_EDGE] if any(len(words(x)) > 1 for x in lines(p.text))), chosen)
    return [_narrowed(chosen, plan)]


def _narrowed(passage: Passage, plan: Plan) -> Passage:
    parts = lines(passage.text)
    if plan.unit == "sentence":
        parts = [s for line in parts for s in _SENTENCE.split(line)]
    elif plan.unit == "word":
        parts = [word for line in parts for word in re.findall(r"[^\s/]+", line)]
    elif plan.unit == "text":
        return passage
    return replace(passage, text=parts[-1] if plan.pick == "last" else parts[0], units=())


def last_typed(passages: Sequence[Passage]) -> Passage | None:
    """The line that was typed last: the newest of those that grew at their end from text to text; None for none.

    Passages come in time order.
    """
    steps: dict[str, int] = {}
    found: Passage | None = None
    for passage in passages:
        for line in (part.strip() for part in passage.text.splitlines()):
            key = squeezed(line)
            if len(key) < 2 or key in steps:
                continue
            grown = (steps[key[:size]] + 1 for size in range(2, len(key)) if key[:size] in steps)
            steps[key] = max(grown, default=0)
            if steps[key] >= TYPED_STEPS:
                found = replace(passage, text=line, units=())
    return found


def at_place(plan: Plan, passages: Sequence[Passage]) -> list[Passage]:
    """The line at the top or the bottom of the best text, with as many words as the question wants if one has them."""
    shown = [p for p in passages if p.kind is SegmentKind.SCREEN_TEXT and lines(p.text)]
    if not shown:
        return []
    best = max(shown, key=lambda p: (p.score, len(lines(p.text)), p.span.duration_s))
    parts = lines(best.text)[:: -1 if plan.place == "bottom" else 1]
    count = re.search(r"\b(\w+)\s+words\b", plan.question, re.IGNORECASE)
    wanted = numbers(count[1]) if count else []
    fitting = [line for line in parts if wanted and len(words(line)) == wanted[0]]
    return [replace(best, text=(fitting or parts)[0], units=())]
