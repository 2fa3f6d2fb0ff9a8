"""Things that were followed through a video, on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from app.api.schemas.base import Wire
from app.core.types.objects import ObjectTrack, count_changes


class SightingOut(Wire):
    """Where a thing is at a time; the sides are shares of the picture, 0 to 1."""

    time_s: float
    left: float
    top: float
    right: float
    bottom: float


class TrackOut(Wire):
    """One thing from when it appears to when it leaves; one that comes back has another track."""

    start_s: float
    end_s: float
    boxes: list[SightingOut]


class ThingsOut(Wire):
    """All things of one kind that a video shows."""

    name: str
    most: int
    """How many are seen at once, at most."""
    tracks: list[TrackOut]
    """In order of appearance."""

    @classmethod
    def of(cls, name: str, tracks: Sequence[ObjectTrack]) -> Self:
        """The wire form of tracks of one kind."""
        return cls(
            name=name,
            most=max((count for _, count in count_changes(tracks)), default=len(tracks)),
            tracks=[
                TrackOut(
                    start_s=track.span.start_s,
                    end_s=track.span.end_s,
                    boxes=[
                        SightingOut(
                            time_s=one.time_s, left=one.box[0], top=one.box[1], right=one.box[2], bottom=one.box[3]
                        )
                        for one in track.boxes
                    ],
                )
                for track in tracks
            ],
        )
