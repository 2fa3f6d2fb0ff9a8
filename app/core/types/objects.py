"""Tracks: things that were followed through a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.core.types.boxes import Box
from app.core.types.span import TimeSpan, joined

DOUBT = 0.25
"""A track that got this share of its votes for another kind may be one of that: its numbers are then lower bounds."""
SETTLED_S = 1.0
"""A number that holds for less may be a slip of the detector."""
CLEAR, CLEAR_SHARE, CLEAR_BOXES = 0.9, 0.8, 3
"""Confidence, share of votes and frames from which one thing proves that its kind is there. Cut films and cartoons need
such a thing: in a cartoon of 10 minutes the detector took rabbits for dogs, cats and horses, none of them so clearly.
"""


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

    @property
    def likely_name(self) -> str:
        """What it is, with the second name where that is about as likely."""
        second = next((name for name, share in self.shares if name != self.name and share >= DOUBT), "")
        return f"{self.name} or {second}" if second else self.name


@dataclass(frozen=True, slots=True)
class ThingCounts:
    """How many of one kind of thing a span of a video shows. Numbers are lower bounds unless `exact`."""

    name: str
    first: tuple[TimeSpan, int]
    last: tuple[TimeSpan, int]
    most: tuple[TimeSpan, int]
    fewest: tuple[TimeSpan, int]
    coming: tuple[ObjectTrack, ...]
    """Those that come into the picture after the span has begun."""
    seen: tuple[TimeSpan, ...]
    """When at least one is seen."""
    clear: bool
    """Whether one of them was seen often and clearly enough to be believed whatever the video is."""
    exact: bool


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


def count_things(tracks: Sequence[ObjectTrack], name: str, span: TimeSpan) -> ThingCounts | None:
    """The numbers of one kind of thing in a span; None where none is seen there."""
    there = [track for track in tracks if track.span.intersection_s(span) > 0]
    same = [track for track in there if track.name == name]
    if not same:
        return None
    changes = [one for one in count_changes(same, span) if one[0].duration_s >= SETTLED_S] or count_changes(same, span)
    exact = not any(track.name != name and track.share(name) >= DOUBT for track in there)
    return ThingCounts(
        name,
        changes[0],
        changes[-1],
        max(changes, key=lambda one: one[1]),
        min(changes, key=lambda one: one[1]),
        tuple(track for track in same if track.span.start_s > span.start_s),
        tuple(joined((part for one in same if (part := one.span.clipped(span))), SETTLED_S)),
        any(
            track.best.confidence >= CLEAR and track.share(name) >= CLEAR_SHARE and len(track.boxes) >= CLEAR_BOXES
            for track in same
        ),
        exact,
    )


def place_of(box: TimedBox) -> str:
    """Where in the picture a box is: left, middle or right, with top or bottom where it fills only that half."""
    left, top, right, bottom = box.box
    across = (left + right) / 2
    side = "left" if across < 0.38 else "right" if across > 0.62 else "middle"
    height = " top" if bottom < 0.5 else " bottom" if top > 0.5 else ""
    return side + height
