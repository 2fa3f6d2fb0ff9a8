"""Follows things from frame to frame, and settles what each of them is.

Frames are a second or more apart, so that a thing may lie beside its last box rather than on it. Trackers for full
frame rates match boxes that overlap (docs/decisions/0013); here nearness in units of the thing's own size counts too.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.core.types import TimeSpan
from app.core.types.boxes import Box, area, iou
from app.core.types.objects import ObjectTrack, TimedBox

REACH = 1.5
"""How far a thing may move between two frames, in units of its size."""
GROWTH = 3.0
"""How many times larger or smaller it may become between two frames."""
AGREE = 0.25
"""How much of the votes of a track and of a sighting must fall on the same classes: a chair is not who sat on it."""
OVERLOOKED_S = 2.5
"""For how long a thing may be overlooked, seconds, before what is seen in its place is taken for another."""
LEAST_SUM = 0.8
"""The sum of a track's confidences below which it is taken for a mistake of the detector."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing in one frame, and what its picture could be."""

    box: Box
    confidence: float
    votes: Mapping[str, float]
    """Classes with weights, of which at least one is positive."""


@dataclass(frozen=True, slots=True)
class FrameSightings:
    """All things of one frame."""

    time_s: float
    sightings: Sequence[Sighting]


@dataclass
class _Track:
    start_s: float
    boxes: list[TimedBox] = field(default_factory=list)
    votes: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    misses: int = 0
    end_s: float = 0.0

    def add(self, time_s: float, sighting: Sighting) -> None:
        self.boxes.append(TimedBox(time_s, sighting.box, sighting.confidence))
        self.misses = 0
        for name, weight in sighting.votes.items():
            self.votes[name] += weight

    def expected(self, time_s: float) -> Box:
        """Where it would be if it went on as it moved last."""
        last = self.boxes[-1]
        if len(self.boxes) < 2:
            return last.box
        before = self.boxes[-2]
        share = min(1.0, (time_s - last.time_s) / max(last.time_s - before.time_s, 1e-6))
        dx, dy = ((b - a) * share for a, b in zip(_middle(before.box), _middle(last.box), strict=True))
        left, top, right, bottom = last.box
        return (left + dx, top + dy, right + dx, bottom + dy)


def follow(frames: Sequence[FrameSightings], *, until_s: float, every_s: float) -> list[ObjectTrack]:
    """The tracks of things, in the order in which they appear. `frames` are in time order.

    A frame stands until the next one; `every_s`: what may have happened unseen before a frame. A thing that is there
    from the first frame on is there from the beginning, one that is there in the last frame until `until_s`.
    """
    open_tracks: list[_Track] = []
    every: list[_Track] = []
    for number, frame in enumerate(frames):
        before_s = frames[number - 1].time_s if number else 0.0
        change_s = frame.time_s - min(every_s, frame.time_s - before_s) / 2 if number else 0.0
        open_tracks = [
            track for track in open_tracks if not track.misses or frame.time_s - track.boxes[-1].time_s <= OVERLOOKED_S
        ]
        matched = _match(open_tracks, frame)
        for place, track in enumerate(open_tracks):
            if place in matched:
                track.add(frame.time_s, frame.sightings[matched[place]])
            elif track.misses == 0:
                track.misses, track.end_s = 1, change_s
            else:
                track.misses += 1
        for at, sighting in enumerate(frame.sightings):
            if at not in matched.values():
                fresh = _Track(change_s)
                fresh.add(frame.time_s, sighting)
                open_tracks.append(fresh)
                every.append(fresh)
    for track in open_tracks:
        if not track.misses:
            track.end_s = until_s
    finished = []
    for track in (one for one in every if sum(box.confidence for box in one.boxes) >= LEAST_SUM):
        total = sum(track.votes.values()) or 1.0
        shares = sorted(((name, votes / total) for name, votes in track.votes.items()), key=lambda one: -one[1])
        span = TimeSpan(track.start_s, max(track.end_s, track.boxes[-1].time_s))
        finished.append(ObjectTrack(shares[0][0], span, tuple(track.boxes), tuple(shares)))
    return finished


def _match(tracks: Sequence[_Track], frame: FrameSightings) -> dict[int, int]:
    """Which sighting continues which track, so that the sum of likenesses is largest."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

    if not tracks or not frame.sightings:
        return {}
    likeness = np.array(
        [[_likeness(track, frame.time_s, sighting) for sighting in frame.sightings] for track in tracks]
    )
    rows, columns = linear_sum_assignment(-likeness)
    return {int(row): int(column) for row, column in zip(rows, columns, strict=True) if likeness[row, column] > 0}


def _likeness(track: _Track, time_s: float, sighting: Sighting) -> float:
    """0 where a sighting cannot be the track's thing; else more, the better they agree in place and class."""
    box, last = track.expected(time_s), track.boxes[-1].box
    growth = _size(sighting.box) / max(_size(last), 1e-6)
    total, own_total = sum(track.votes.values()), sum(sighting.votes.values())
    votes = sighting.votes.items()
    agreement = sum(min(track.votes.get(name, 0.0) / total, own / own_total) for name, own in votes)
    if agreement < AGREE or not 1 / GROWTH <= growth <= GROWTH:
        return 0.0
    size = (_size(sighting.box) + _size(last)) / 2
    apart = min(math.dist(_middle(sighting.box), _middle(place)) for place in (box, last)) / max(size, 1e-6)
    if apart > REACH:
        return 0.0
    overlap = max(iou(sighting.box, box), iou(sighting.box, last))
    return agreement + overlap + (1 - apart / REACH)


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _size(box: Box) -> float:
    return math.sqrt(area(box))
