"""Running counters and clocks on the screen: when one shows a value, reckoned from the values that were read."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from app.core.types import Segment

LEAST_READINGS = 3
_VALUE = re.compile(r"(?<![\w:.])(?:\d+(?::\d{2}){1,2}|\d{3,})(?![\w:])")

T = TypeVar("T")
Reading = tuple[float, float]
"""When a value was read, in seconds, and the value."""


def asked_value(question: str) -> str:
    """The value of a counter or clock that a question names, as written there; empty for none."""
    match = re.search(rf"\b(?:reach(?:es|ed)?|shows?|reads?|displays?|says?|at)\b[^?\d]*({_VALUE.pattern})", question)
    return match[1] if match else ""


def value_of(text: str) -> float:
    """The value of a run of digits, or of a clock in seconds."""
    value = 0.0
    for part in text.split(":"):
        value = value * 60 + int(part)
    return value


def readings(segments: Iterable[Segment], like: str) -> list[Reading]:
    """Every reading of values that are written like the one given, in time order; misread ones are left out."""
    shape = _shape(like)
    found = []
    for segment in segments:
        at = segment.span.middle_s if segment.frame_s is None else segment.frame_s
        found += [(at, value_of(text)) for text in shape.findall(segment.text)[:1]]
    return _rising(sorted(found))


def nearest(like: str, texts: Iterable[tuple[str, T]]) -> T | None:
    """The owner of the text whose reading is nearest to a value; None when no text holds such a value."""
    shape, value = _shape(like), value_of(like)
    rated = [(abs(value_of(read) - value), place, owner) for place, (text, owner) in enumerate(texts)
             for read in shape.findall(text)]  # fmt: skip
    return min(rated, key=lambda one: one[:2])[2] if rated else None


def _shape(like: str) -> re.Pattern[str]:
    """Values that are written like one: as many digits, the same separators."""
    return re.compile(r"(?<![\w:.])" + re.sub(r"\d", r"\\d", re.escape(like)) + r"(?![\w:])")


def _rising(found: Sequence[Reading]) -> list[Reading]:
    """The longest run of readings whose values rise with time."""
    tails: list[float] = []
    ends: list[int] = []
    before: list[int] = []
    for place, (_, value) in enumerate(found):
        at = bisect.bisect_left(tails, value)
        before.append(ends[at - 1] if at else -1)
        tails[at : at + 1] = [value]
        ends[at : at + 1] = [place]
    kept = []
    place = ends[-1] if ends else -1
    while place >= 0:
        kept.append(found[place])
        place = before[place]
    return kept[::-1]


def time_of(value: float, found: Sequence[Reading]) -> float | None:
    """When the counter shows the value, between the readings around it; None outside of them or with too few."""
    if len(found) < LEAST_READINGS or not found[0][1] <= value <= found[-1][1]:
        return None
    after = bisect.bisect_left([v for _, v in found], value)
    if found[after][1] == value:
        return found[after][0]
    (time_a, a), (time_b, b) = found[after - 1], found[after]
    return time_a + (time_b - time_a) * (value - a) / (b - a)
