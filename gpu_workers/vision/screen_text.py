"""Readings of single frames become texts that stood on the screen from one time to another.

Three kinds of lines are distinguished, so that "when was X shown" gets the span of X:

- ticking lines (a time code, a page number) keep their place and change only digits: each reading
  of them is a text of its own until the next change of the picture, since nobody knows what they showed
  then, and they do not cut the lines around them;
- standing lines (a logo, a status bar) stay while the rest of the picture changes: one text with
  the whole time they stood;
- all other lines of a frame belong together; readings with the same lines are one text, and a list
  that builds up gives one text for each step.

The picture stands between the moments at which it changes. So a text lasts from the change that brought it
to the change that took it away; where the picture changed several times between two readings, the middle one
of these changes is taken. No model and no pixels are needed here.
"""

from __future__ import annotations

import bisect
import difflib
import functools
import itertools
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import Indel

from app.core.types import ScreenText, TextLine, TimeSpan

SAME_TEXT = 0.85
"""Likeness of two readings of one line; digits must agree exactly, since a changed digit is a changed fact."""
ALIKE = SAME_TEXT - 1e-6
"""The least ratio by Indel of two readings of one line, with room for rounding."""
SAME_PLACE = 0.03
"""Share of the picture by which a line that stays may seem to move."""
SQUARE = 1.01 * SAME_PLACE
"""Side of the squares into which the picture is divided: lines in the same place begin in the same or the next one."""
STANDING_STATES = 4
"""A standing line saw at least this many different texts around it."""

Reading = tuple[float, Sequence[TextLine]]


@dataclass(frozen=True, slots=True)
class _Moment:
    """One reading with the span in which nothing else is known to have been on the screen."""

    time_s: float
    span: TimeSpan
    still: TimeSpan
    """Until the next change of the picture."""
    lines: tuple[TextLine, ...]


def merge_readings(readings: Sequence[Reading], *, until_s: float, changes: Sequence[float] = ()) -> list[ScreenText]:
    """Texts with the spans in which they were visible, in time order.

    A reading is (time, lines from top to bottom); one without lines says that there was no text then.
    `until_s`: the end of what was read, where the last text ends. `changes`: when the picture changed, seconds
    ascending; every reading counts as one. Every line comes out in some text.
    """
    moments = _filled(_moments(readings, until_s, changes))
    ticking = _ticking(moments)
    steady = _without(moments, ticking)
    standing = _standing(steady)
    changing = _without(steady, standing)
    ticked = [replace(moment, span=moment.still) for moment in moments]
    texts = [_text([moment]) for moment in _with(ticked, ticking) if moment.lines]
    for kind in (_with(moments, standing), changing):
        texts += [_text(group) for group in _groups(kind)]
    return sorted(texts, key=lambda text: (text.span, text.text))


def same_line(a: str, b: str) -> bool:
    """Whether two wordings are readings of the same line."""
    left, right = _letters(a), _letters(b)
    if left == right:
        return True
    if _digits(left) != _digits(right):
        return False
    # Indel's ratio is never the smaller one, and it is much faster.
    if Indel.normalized_similarity(left, right) < ALIKE:
        return False
    return difflib.SequenceMatcher(None, left, right, autojunk=False).ratio() >= SAME_TEXT


@functools.lru_cache(maxsize=65_536)
def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum()) or text.strip()


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _moments(readings: Sequence[Reading], until_s: float, changes: Sequence[float]) -> list[_Moment]:
    ordered = sorted(readings, key=lambda reading: reading[0])
    times = [time_s for time_s, _ in ordered]
    changed = sorted({*changes, *times})
    end_s = max([until_s, *changed[-1:]])
    ends = [*changed, end_s]
    borders = times[:1]
    for before_s, after_s in itertools.pairwise(times):
        between = changed[bisect.bisect_right(changed, before_s) : bisect.bisect_right(changed, after_s)]
        borders.append(between[len(between) // 2] if between else after_s)
    borders.append(end_s)
    return [
        _Moment(
            time_s,
            TimeSpan(start, end),
            TimeSpan(time_s, ends[bisect.bisect_right(changed, time_s)]),
            tuple(line for line in lines if line.text.strip()),
        )
        for (time_s, lines), (start, end) in zip(ordered, itertools.pairwise(borders), strict=True)
    ]


def _filled(moments: list[_Moment]) -> list[_Moment]:
    """Gives a reading the lines that it alone missed, between two readings that have them in the same place."""
    filled = list(moments)
    for before, (index, here), after in zip(moments, list(enumerate(moments))[1:], moments[2:], strict=False):
        if not any(_has(before.lines, line) for line in here.lines):
            continue
        missed = [
            line
            for line in before.lines
            if not _has(here.lines, line) and any(_stays(line, other) for other in after.lines)
            if not any(_near(line, other) for other in here.lines)
        ]
        lines = sorted((*here.lines, *missed), key=lambda line: line.box[1]) if missed else here.lines
        filled[index] = replace(here, lines=tuple(lines))
    return filled


def _has(lines: Iterable[TextLine], line: TextLine) -> bool:
    return any(same_line(line.text, other.text) for other in lines)


def _near(a: TextLine, b: TextLine) -> bool:
    return abs(a.box[0] - b.box[0]) <= SAME_PLACE and abs(a.box[1] - b.box[1]) <= SAME_PLACE


def _stays(a: TextLine, b: TextLine) -> bool:
    return _near(a, b) and same_line(a.text, b.text)


def _ticking(moments: Sequence[_Moment]) -> list[tuple[TextLine, ...]]:
    """For each moment its lines that differ from a line of a neighbour, in the same place, in digits only."""
    ticking: list[list[TextLine]] = [[] for _ in moments]
    for index, (before, after) in enumerate(itertools.pairwise(moments)):
        for a, b in itertools.product(before.lines, after.lines):
            masked = re.sub(r"\d", "0", a.text)
            if a.text != b.text and "0" in masked and masked == re.sub(r"\d", "0", b.text) and _near(a, b):
                ticking[index].append(a)
                ticking[index + 1].append(b)
    return [
        tuple(line for line in moment.lines if any(line is other for other in lines))
        for moment, lines in zip(moments, ticking, strict=True)
    ]


def _standing(moments: Sequence[_Moment]) -> list[tuple[TextLine, ...]]:
    """For each moment its lines that are there in most readings while the rest takes several forms."""
    seen: list[tuple[TextLine, list[int]]] = []
    # For each square of the picture, the letters of the lines that begin there, by their index in `seen`.
    squares: defaultdict[tuple[int, int], dict[int, str]] = defaultdict(dict)
    for index, moment in enumerate(moments):
        can_stand = 2 * (len(moments) - index) > len(moments)
        for line in moment.lines:
            letters, (column, row) = _letters(line.text), (int(side / SQUARE) for side in line.box[:2])
            around = (squares[column + x, row + y] for x in (-1, 0, 1) for y in (-1, 0, 1))
            alike = (
                number
                for square in around
                for _, _, number in process.extract_iter(
                    letters, square, scorer=Indel.normalized_similarity, score_cutoff=ALIKE
                )
                if _stays(line, seen[number][0])
            )
            if (known := min(alike, default=None)) is not None:
                if seen[known][1][-1] != index:
                    seen[known][1].append(index)
            elif can_stand:
                squares[column, row][len(seen)] = letters
                seen.append((line, [index]))
    often = [line for line, places in seen if 2 * len(places) > len(moments) and len(places) >= STANDING_STATES]
    standing = [tuple(line for line in m.lines if any(_stays(line, other) for other in often)) for m in moments]
    states = _groups(_without(moments, standing))
    return standing if len(states) >= STANDING_STATES else [()] * len(moments)


def _without(moments: Sequence[_Moment], lines: Sequence[Sequence[TextLine]]) -> list[_Moment]:
    return [
        replace(moment, lines=tuple(line for line in moment.lines if not any(line is other for other in gone)))
        for moment, gone in zip(moments, lines, strict=True)
    ]


def _with(moments: Sequence[_Moment], lines: Sequence[tuple[TextLine, ...]]) -> list[_Moment]:
    return [replace(moment, lines=some) for moment, some in zip(moments, lines, strict=True)]


def _groups(moments: Sequence[_Moment]) -> list[list[_Moment]]:
    """Runs of neighbouring readings with the same lines; readings without lines end a run and are left out."""
    groups: list[list[_Moment]] = []
    previous: _Moment | None = None
    for moment in moments:
        if (
            moment.lines
            and previous is not None
            and all(_has(moment.lines, line) for line in previous.lines)
            and all(_has(previous.lines, line) for line in moment.lines)
        ):
            groups[-1].append(moment)
        elif moment.lines:
            groups.append([moment])
        previous = moment if moment.lines else None
    return groups


def _text(group: Sequence[_Moment]) -> ScreenText:
    """The best worded reading of a run, with the lines that only others of the run have."""
    best = max(group, key=lambda moment: (_confidence(moment.lines), -moment.time_s))
    lines = list(best.lines)
    for moment in group:
        lines += [line for line in moment.lines if not _has(lines, line)]
    if len(lines) > len(best.lines):
        lines.sort(key=lambda line: (line.box[1], line.box[0]))
    span = TimeSpan(group[0].span.start_s, group[-1].span.end_s)
    return ScreenText(span, "\n".join(line.text.strip() for line in lines), best.time_s, _confidence(best.lines))


def _confidence(lines: Sequence[TextLine]) -> float:
    return statistics.fmean(line.confidence for line in lines)
