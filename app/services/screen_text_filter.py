"""What text on the screen gives to a summary: its words; of running numbers and lists of names, only what they are.

A quoted time code or page of credits is no sentence of a summary. Such a text is told of instead ("Shows a running time
code; nothing is said."), and cited as it stands. Pure.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median

from app.core.types import SegmentKind
from app.services.names import is_list_of_names, names_written, small_words
from app.services.topics import Sentence

LEAST_READINGS = 5
"""Values that a counter must have shown, and numbers that a video must show to be one of numbers."""
STEADY, ALIKE = 0.2, 0.5
"""A counter runs when this share of its steps, `ALIKE`, is as fast as the middle one, to within `STEADY` of it."""
NAMED = 3
"""Names of a list that are told."""

_NUMBER = re.compile(r"\d+(?:[:;.]\d{2}){0,3}")
_LETTERS = re.compile(r"[^\W\d_]{2,}")


def told(sentences: Sequence[Sentence]) -> list[Sentence]:
    """What a summary may be made of, in order of time.

    Lines of running counters go, texts without a word go, a text is told once while it stands, and lists of names
    that follow one another are told as one. A silent video that shows mostly a counter, or nothing but numbers, is
    told as that, and its captions, which could only describe the digits, go.
    """
    written = [s for s in sentences if s.kind is SegmentKind.SCREEN_TEXT]
    runs = _runs(written)
    kept = _without_lists(_once(_worded(written, runs)))
    others = [s for s in sentences if s.kind is not SegmentKind.SCREEN_TEXT]
    if any(s.kind is SegmentKind.SPEECH for s in others):
        return sorted([*others, *kept], key=lambda s: s.span)
    kind = _kind_of_numbers(written, runs, kept)
    if kind is not None:
        others = []
        kept.append(kind)
    return sorted([*others, *kept], key=lambda s: s.span)


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.split("\n")) if line]


def _has_word(line: str) -> bool:
    """Whether a line has two letters side by side that differ: a misread picture gives one, or one many times."""
    return any(len(set(word.lower())) > 1 for word in _LETTERS.findall(line))


def _is_noise(line: str) -> bool:
    """Whether a line has one letter, be it many times, and no number."""
    return len(set(filter(str.isalpha, line.lower()))) <= 1 and not any(map(str.isdigit, line))


def _shape(line: str) -> str:
    """A number with its digits made equal; empty for what is no number."""
    return re.sub(r"\d", "0", line) if _NUMBER.fullmatch(line) else ""


def _value(line: str) -> float:
    """A clock in seconds without its frames, or the number."""
    value = 0.0
    for part in re.split("[:;.]", line)[:3]:
        value = value * 60 + float(part)
    return value


def _runs(written: Iterable[Sentence]) -> dict[str, float]:
    """The shapes of numbers that grow or shrink steadily with time, with how much they do in a second."""
    readings: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for sentence in written:
        at = sentence.span.middle_s if sentence.frame_s is None else sentence.frame_s
        for line in _lines(sentence.text):
            if _shape(line):
                readings[_shape(line)].append((at, _value(line)))
    rates = {shape: _rate(sorted(found)) for shape, found in readings.items()}
    return {shape: rate for shape, rate in rates.items() if rate}


def _rate(readings: Sequence[tuple[float, float]]) -> float:
    """What most steps between readings add in a second; 0 where they do not agree."""
    steps = [(b - a) / (later - at) for (at, a), (later, b) in itertools.pairwise(readings) if later > at]
    if len(steps) < LEAST_READINGS - 1:
        return 0.0
    middle = median(steps)
    alike = sum(abs(step - middle) <= STEADY * abs(middle) for step in steps)
    return middle if alike >= ALIKE * len(steps) else 0.0


def _worded(written: Iterable[Sentence], runs: Mapping[str, float]) -> list[Sentence]:
    """The texts that have words, without the lines of running counters and those that are nothing at all."""
    kept = []
    for sentence in written:
        lines = [line for line in _lines(sentence.text) if _shape(line) not in runs and not _is_noise(line)]
        if any(map(_has_word, lines)):
            kept.append(replace(sentence, text="\n".join(lines)))
    return kept


def _once(written: Iterable[Sentence]) -> list[Sentence]:
    """Each text once while it stands: a counter beside it makes a new reading of it each second."""
    until: dict[str, float] = {}
    kept = []
    for sentence in sorted(written, key=lambda s: s.span):
        if sentence.span.start_s > until.get(sentence.text, -1.0):
            kept.append(sentence)
        until[sentence.text] = max(sentence.span.end_s, until.get(sentence.text, 0.0))
    return kept


def _without_lists(written: Sequence[Sentence]) -> list[Sentence]:
    """Lists of names that follow one another are told by the first."""
    small = small_words(s.text for s in written)
    kept: list[Sentence] = []
    for sentence in written:
        goes_on = bool(kept and kept[-1].quote)
        if not is_list_of_names(sentence.text, goes_on=goes_on):
            kept.append(sentence)
        elif not goes_on:
            names = names_written(sentence.text, small)[:NAMED]
            such = f", such as {_listed(names)}" if names else ""
            kept.append(replace(sentence, text=f"Shows a list of names{such}.", quote=sentence.text))
    return kept


def _listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _kind_of_numbers(
    written: Sequence[Sentence], runs: Mapping[str, float], worded: Sequence[Sentence]
) -> Sentence | None:
    """What is shown where numbers run in most texts, or where there are only numbers; None elsewhere."""
    running = [s for s in written if any(_shape(line) in runs for line in _lines(s.text))]
    if running and 2 * len(running) >= len(written):
        shape = next(_shape(line) for line in _lines(running[0].text) if _shape(line) in runs)
        first, kind = running[0], f"a running {_name(shape, runs[shape])}"
    else:
        numbers = [s for s in written if any(map(str.isdigit, s.text))]
        if worded or len(numbers) < LEAST_READINGS:
            return None
        first, kind = numbers[0], "numbers"
    return replace(first, text=f"Shows {kind}; nothing is said.", quote=first.text)


def _name(shape: str, rate: float) -> str:
    if shape.isdigit():
        return "counter"
    return "time code" if abs(abs(rate) - 1.0) <= STEADY else "clock"
