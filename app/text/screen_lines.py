"""Text on the screen without its repetitions: what is new in each reading, with the time for which it stays.

A screen that scrolls, a list that grows, or a sentence that is being typed is read again with every change. Shown as it
was read, a two-minute screencast holds 45,000 characters, nearly all of them repeated. Here every line appears once
as long as it stays, in the reading that showed it first, with the span from its first to its last appearance. Where the
screen changes, all lines of the new screen appear.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from rapidfuzz import fuzz

from app.core.runs import runs
from app.core.types import Segment, TimeSpan

SAME = 88.0
"""Likeness, of 100, from which two readings of a line are one: recognisers misread a letter in ten."""
GONE_S = 5.0
"""A line that is away for longer than this and comes back is new."""
LEAST_LETTERS = 2
"""A line without digits that has fewer is what a recogniser sees in a lamp or a window."""
LONGEST = 320
"""Characters of one result: a page of credits or a full slide becomes several."""
SHORT = 2
"""Characters of a word in which each of them matters."""
SHAPES = str.maketrans("lio|", "1101")
LEAST_PREFIX = 3
"""A line of at least so many characters that a later one begins with was being written."""


@dataclass
class _Line:
    text: str
    last_s: float


def distinct_lines(segments: Iterable[Segment]) -> list[Segment]:
    """The readings that show something new, in order of time: each holds only its new lines, and lasts until the last
    of them is gone. Long ones are split. `segments`: the readings of one video's screen, in any order."""
    open_lines: list[_Line] = []
    before: list[_Line] = []
    new_lines: list[tuple[Segment, list[_Line]]] = []
    for segment in sorted(segments, key=lambda one: (one.span.start_s, one.span.end_s)):
        open_lines = [line for line in open_lines if segment.span.start_s - line.last_s <= GONE_S]
        texts = [
            text
            for text in map(str.strip, segment.text.split("\n"))
            if any(map(str.isdigit, text)) or sum(map(str.isalpha, text)) >= LEAST_LETTERS
        ]
        readings = _known(texts, before, open_lines)
        stayed = [line for line in before if any(line is known for known in readings)]
        if 2 * len(stayed) < len(before) and 2 * readings.count(None) >= len(readings):
            # Another screen, as from one card of credits to the next: a name that is on both belongs to both.
            readings = [None] * len(texts)
        before, new = [], []
        for text, known in zip(texts, readings, strict=True):
            line = known or _Line(text, segment.span.end_s)
            if known is None:
                new.append(line)
            elif len(text) > len(line.text):
                line.text = text
            line.last_s = max(line.last_s, segment.span.end_s)
            before.append(line)
        open_lines += new
        new_lines.append((segment, new))
    parts = [
        replace(
            segment,
            span=TimeSpan(segment.span.start_s, max(line.last_s for line in group)),
            text=" / ".join(line.text for line in group),
        )
        for segment, new in new_lines
        for group in runs(new, lambda group, line: sum(len(one.text) + 3 for one in group) + len(line.text) <= LONGEST)
    ]
    return sorted(parts, key=lambda part: part.span)


def _known(texts: Sequence[str], before: Sequence[_Line], open_lines: Sequence[_Line]) -> list[_Line | None]:
    """The line that each text is another reading of.

    Two readings in a row are aligned, since a name that is on the screen twice, under two headings, is two lines.
    """
    names: list[str] = []
    numbers: list[int] = []
    for text in (*(line.text for line in before), *texts):
        number = next((at for at, name in enumerate(names) if _is_alike(text, name)), len(names))
        if number == len(names):
            names.append(text)
        numbers.append(number)
    old, new = numbers[: len(before)], numbers[len(before) :]
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    stayed = {block.b + at: before[block.a + at] for block in blocks for at in range(block.size)}
    away = [line for line in open_lines if not any(line is other for other in before)]
    latest_first = away[::-1]
    return [
        stayed.get(at) or next((line for line in latest_first if _is_alike(text, line.text)), None)
        for at, text in enumerate(texts)
    ]


def _is_alike(text: str, known: str) -> bool:
    """Whether two readings are of one line, or one is a longer form of the other. Words may be misread; with another
    short one, such as a key or a score, it is another line."""
    shorter, longer = sorted((text, known), key=len)
    cut = longer[: len(shorter)]
    if fuzz.ratio(text, known) >= SAME:
        return _short_words(text) == _short_words(known) or _short_words(shorter) == _short_words(cut)
    return len(shorter) >= LEAST_PREFIX and text != shorter and fuzz.ratio(shorter, cut) >= SAME


def _short_words(line: str) -> list[str]:
    """The words of at most `SHORT` characters, in order, without what recognisers confuse."""
    words = (word.strip(".,;:!?()[]").casefold().translate(SHAPES) for word in line.split())
    return [word for word in words if len(word) <= SHORT and word.isalnum()]
