"""Intervals of time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    """A closed interval of a video, in seconds. Raises ValueError unless 0 <= start <= end < inf."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.end_s)):
            raise ValueError(f"a time span needs finite times, got {self.start_s} to {self.end_s}")
        if not 0 <= self.start_s <= self.end_s:
            raise ValueError(f"a time span needs 0 <= start <= end, got {self.start_s} to {self.end_s}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    @property
    def middle_s(self) -> float:
        """The time halfway between start and end."""
        return (self.start_s + self.end_s) / 2

    def contains(self, time_s: float) -> bool:
        """Whether a time lies inside, borders included."""
        return self.start_s <= time_s <= self.end_s

    def overlaps(self, other: TimeSpan) -> bool:
        """Whether the two spans share at least one moment, borders included."""
        return self.start_s <= other.end_s and other.start_s <= self.end_s

    def intersection_s(self, other: TimeSpan) -> float:
        """Seconds that both spans cover."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))

    def iou(self, other: TimeSpan) -> float:
        """Temporal intersection over union, 0 to 1; 0 when both spans are instants."""
        union = self.duration_s + other.duration_s - self.intersection_s(other)
        return self.intersection_s(other) / union if union > 0 else 0.0

    def hull(self, other: TimeSpan) -> TimeSpan:
        """The shortest span that covers both."""
        return TimeSpan(min(self.start_s, other.start_s), max(self.end_s, other.end_s))

    def padded(self, seconds: float, limit_s: float = math.inf) -> TimeSpan:
        """The span widened on both sides, limited to 0 and `limit_s`."""
        end = min(self.end_s + seconds, limit_s) if math.isfinite(limit_s) else self.end_s + seconds
        start = min(max(0.0, self.start_s - seconds), end)
        return TimeSpan(start, end)

    def clipped(self, bounds: TimeSpan) -> TimeSpan | None:
        """The part inside `bounds`, or None when there is none."""
        if not self.overlaps(bounds):
            return None
        return TimeSpan(max(self.start_s, bounds.start_s), min(self.end_s, bounds.end_s))


def joined(spans: Iterable[TimeSpan], apart_s: float = 0.0) -> list[TimeSpan]:
    """The spans in time order, where those at most `apart_s` seconds apart are merged."""
    merged: list[TimeSpan] = []
    for span in sorted(spans):
        if merged and span.start_s - merged[-1].end_s <= apart_s:
            merged[-1] = merged[-1].hull(span)
        else:
            merged.append(span)
    return merged


def evenly(spans: Sequence[TimeSpan], count: int) -> list[float]:
    """The middles of `count` parts of the spans, in seconds, ascending. The longer a span, the more it gets, but each
    gets one as long as there are enough."""
    if not spans or count <= 0:
        return []
    ordered = sorted(spans)
    shares = _shares([span.duration_s for span in ordered], count)
    return sorted(
        span.start_s + (part + 0.5) * span.duration_s / share
        for span, share in zip(ordered, shares, strict=True)
        for part in range(share if span.duration_s > 0 else min(share, 1))
    )


def _shares(lengths: Sequence[float], count: int) -> list[int]:
    """`count` in parts that are as nearly as possible proportional to the lengths, at least one each where possible."""
    shares = [0] * len(lengths)
    for _ in range(count):
        # The next one goes where one more leaves the widest gaps (Jefferson's method); empty parts come first.
        place = max(range(len(lengths)), key=lambda at: (shares[at] == 0, lengths[at] / (shares[at] + 1)))
        shares[place] += 1
    return shares
