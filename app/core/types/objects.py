"""Tracks: things that were followed through a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.core.types.boxes import Box
from app.core.types.span import TimeSpan


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the picture for a while, or at one moment."""

    box: Box
    span: TimeSpan


@dataclass(frozen=True, slots=True)
class TimedBox:
    """Where a thing is at a time."""

    time_s: float
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class ObjectTrack:
    """One thing from when it appears to when it leaves. A thing that comes back has a new track."""

    name: str
    """The class that most of its pictures voted for."""
    span: TimeSpan
    boxes: tuple[TimedBox, ...]
    """At least one, in time order, one for each frame in which it was found."""
    shares: tuple[tuple[str, float], ...] = ()
    """The classes that its pictures voted for, with the share of each, the largest first."""

    @property
    def best(self) -> TimedBox:
        """Where it was found most surely."""
        return max(self.boxes, key=lambda one: one.confidence)

    def box_at(self, time_s: float) -> Box:
        """Where it is at a time, between the boxes before and after it; the nearest box outside of them."""
        after = next((at for at, one in enumerate(self.boxes) if one.time_s >= time_s), len(self.boxes))
        if after in (0, len(self.boxes)):
            return self.boxes[min(after, len(self.boxes) - 1)].box
        before, next_ = self.boxes[after - 1], self.boxes[after]
        share = (time_s - before.time_s) / (next_.time_s - before.time_s)
        left, top, right, bottom = ((1 - share) * a + share * b for a, b in zip(before.box, next_.box, strict=True))
        return left, top, right, bottom

    def share(self, name: str) -> float:
        """How much of the vote a class got, 0 to 1."""
        return next((share for other, share in self.shares if other == name), float(self.name == name))


def count_changes(tracks: Sequence[ObjectTrack], within: TimeSpan | None = None) -> list[tuple[TimeSpan, int]]:
    """How many of the tracks there are at once: spans that follow each other, each with its number, 0 included.

    They cover `within`; without it, the time from the first track's start to the last one's end.
    """
    if within is None:
        if not tracks:
            return []
        within = TimeSpan(min(t.span.start_s for t in tracks), max(t.span.end_s for t in tracks))
    spans = [clipped for track in tracks if (clipped := track.span.clipped(within)) and clipped.duration_s > 0]
    borders = sorted({within.start_s, within.end_s, *(edge for s in spans for edge in (s.start_s, s.end_s))})
    changes: list[tuple[TimeSpan, int]] = []
    for start_s, end_s in pairwise(borders):
        count = sum(span.start_s <= start_s and span.end_s >= end_s for span in spans)
        if changes and changes[-1][1] == count:
            changes[-1] = (TimeSpan(changes[-1][0].start_s, end_s), count)
        else:
            changes.append((TimeSpan(start_s, end_s), count))
    return changes


def place_of(box: TimedBox) -> str:
    """Where in the picture a box is: left, middle or right, with top or bottom where it fills only that half."""
    left, top, right, bottom = box.box
    across = (left + right) / 2
    side = "left" if across < 0.38 else "right" if across > 0.62 else "middle"
    height = " top" if bottom < 0.5 else " bottom" if top > 0.5 else ""
    return side + height
