"""Prepares on-screen text for summaries: keeps words, and replaces running numbers and lists of names by a description.

A quoted time code or page of credits makes no good summary sentence. Such a text is described instead ("Shows a
running time code; nothing is said.") and cited verbatim. Pure.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median

import regex

from app.core.types import SegmentKind
from app.services.names import is_list_of_names, names_written, small_words
from app.services.topics import Sentence

LEAST_READINGS = 5
"""The least readings for a counter, and the least numbers for a video of numbers."""
STEADY, ALIKE = 0.2, 0.5
"""A number is a running counter if the share `ALIKE` of its steps is within `STEADY` of the median speed."""
NAMED = 3
"""How many names of a list to mention."""

PROSE = 0.8
"""The share of letters in a text on the screen that is prose rather than code."""

_LIST_SIGN = re.compile(r"^\s*(?:[#*•·>:~^`|=\u2013\u2014-]+|\d+[.)]+)\s*")
_WRAPPED = regex.compile(r"^(.{30,})\n(?=\p{Ll})", regex.MULTILINE)
"""A long line that goes on in the next one."""
_NUMBER = re.compile(r"\d+(?:[:;.]\d{2}){0,3}")
_LETTERS = re.compile(r"[^\W\d_]{2,}")


def letter_share(text: str) -> float:
    """The share of letters among the characters that are no spaces; prose has nearly 1, code and status bars less."""
    return sum(map(str.isalpha, text)) / max(1, len("".join(text.split())))


def longest_prose(text: str) -> str:
    """The longest run of lines that read as prose, without the sign of a list or heading; all lines if none does.

    A sentence that is wrapped stands on one line.
    """
    lines = [_LIST_SIGN.sub("", line).strip() for line in text.split("\n") if line.strip()]
    grouped = itertools.groupby(lines, lambda line: letter_share(line) >= PROSE)
    runs = ["\n".join(run) for is_prose, run in grouped if is_prose]
    return str(_WRAPPED.sub(r"\1 ", max(runs, key=len, default=text)))


def filter_screen_text(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences that a summary may use, in time order.

    Drops lines of running counters and texts without words, keeps a lasting text once, and merges consecutive lists of
    names. A silent video that shows mostly a counter, or only numbers, becomes one sentence that says so; its captions
    are dropped, because they could only describe the digits.
    """
    written = [s for s in sentences if s.kind is SegmentKind.SCREEN_TEXT]
    runs = _runs(written)
    texts = _without_lists(_worded(written, runs))
    others = [s for s in sentences if s.kind is not SegmentKind.SCREEN_TEXT]
    if any(s.kind is SegmentKind.SPEECH for s in others):
        return sorted([*others, *texts], key=lambda s: s.span)
    kind = _kind_of_numbers(written, runs, texts)
    if kind is not None:
        others = []
        texts.append(kind)
    return sorted([*others, *texts], key=lambda s: s.span)


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.split("\n")) if line]


def _shape(line: str) -> str:
    """A number with all its digits replaced by the same one; empty if it is not a number."""
    return re.sub(r"\d", "0", line) if _NUMBER.fullmatch(line) else ""


def _runs(written: Iterable[Sentence]) -> dict[str, float]:
    """The shapes of numbers that change steadily with time, with their change per second."""
    readings: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for sentence in written:
        at = sentence.span.middle_s if sentence.frame_s is None else sentence.frame_s
        for line in _lines(sentence.text):
            if _shape(line):
                value = 0.0  # a clock time in seconds, without frames, or the number itself
                for part in re.split("[:;.]", line)[:3]:
                    value = value * 60 + float(part)
                readings[_shape(line)].append((at, value))
    rates: dict[str, float] = {}
    for shape, values in readings.items():
        pairs = itertools.pairwise(sorted(values))
        steps = [(b - a) / (later - at) for (at, a), (later, b) in pairs if later > at]
        middle = median(steps) if len(steps) >= LEAST_READINGS - 1 else 0.0
        alike = sum(abs(step - middle) <= STEADY * abs(middle) for step in steps)
        if middle and alike >= ALIKE * len(steps):
            rates[shape] = middle
    return rates


def _worded(written: Iterable[Sentence], runs: Mapping[str, float]) -> list[Sentence]:
    """The texts that have words, without the lines of running counters and noise, in time order.

    Each is there once while it lasts: a counter next to it causes a new reading every second. A word has two different
    letters side by side: a misread picture gives one letter, or repeats it.
    """
    until: dict[str, float] = {}
    result = []
    for sentence in sorted(written, key=lambda s: s.span):
        lines = []
        for line in _lines(sentence.text):
            has_letters = len(set(filter(str.isalpha, line.lower()))) > 1
            if (has_letters or any(map(str.isdigit, line))) and _shape(line) not in runs:
                lines.append(line)
        text = "\n".join(lines)
        if not any(len(set(word.lower())) > 1 for word in _LETTERS.findall(text)):
            continue
        if sentence.span.start_s > until.get(text, -1.0):
            result.append(replace(sentence, text=text))
        until[text] = max(sentence.span.end_s, until.get(text, 0.0))
    return result


def _without_lists(written: Sequence[Sentence]) -> list[Sentence]:
    """Replaces consecutive lists of names by a description of the first."""
    small = small_words(s.text for s in written)
    result: list[Sentence] = []
    for sentence in written:
        goes_on = bool(result and result[-1].quote)
        if not is_list_of_names(sentence.text, goes_on=goes_on):
            result.append(sentence)
        elif not goes_on:
            names = names_written(sentence.text, small)[:NAMED]
            such = f", such as {' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))}" if names else ""
            result.append(replace(sentence, text=f"Shows a list of names{such}.", quote=sentence.text))
    return result


def _kind_of_numbers(
    written: Sequence[Sentence], runs: Mapping[str, float], worded: Sequence[Sentence]
) -> Sentence | None:
    """A sentence for a video of mostly running numbers, or of numbers only; None for others."""
    running = [s for s in written if any(_shape(line) in runs for line in _lines(s.text))]
    if running and 2 * len(running) >= len(written):
        shape = next(_shape(line) for line in _lines(running[0].text) if _shape(line) in runs)
        clock = "time code" if abs(abs(runs[shape]) - 1.0) <= STEADY else "clock"
        first, kind = running[0], f"a running {'counter' if shape.isdigit() else clock}"
    else:
        numbers = [s for s in written if any(map(str.isdigit, s.text))]
        if worded or len(numbers) < LEAST_READINGS:
            return None
        first, kind = numbers[0], "numbers"
    return replace(first, text=f"Shows {kind}; nothing is said.", quote=first.text)
