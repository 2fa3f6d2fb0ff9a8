"""Things followed closely through a part of a video: in several frames a second, where ingest takes one in many."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from app.core.errors import BadInput, Cancelled
from app.core.ports import FrameSource, ObjectDetector
from app.core.types import TimeSpan, Video
from app.core.types.objects import ObjectTrack
from gpu_workers.vision.tracking import FrameSightings, Sighting, follow

MOST_FRAMES = 300
"""Frames of one call: about two minutes of one core with the packaged detector."""
FRAMES_AT_ONCE = 4
SIDE = 640
LEAST_CONFIDENCE = 0.3
REMEMBERED = 32
"""Parts of videos whose tracks are kept for the next question."""


class CloseTracks:
    """Follows things on request, and remembers what it found."""

    def __init__(self, detector: ObjectDetector, frames: FrameSource) -> None:
        self._detector = detector
        self._frames = frames
        self._known: OrderedDict[tuple[object, ...], list[ObjectTrack]] = OrderedDict()
        self._lock = threading.Lock()

    def follow(
        self, video: Video, span: TimeSpan, names: Sequence[str], fps: float, stop: Callable[[], bool]
    ) -> list[ObjectTrack]:
        """The tracks of the named things in a span. Raises BadInput if it has too many frames, Cancelled within a few
        frames once `stop` returns True, and what detector and decoder raise."""
        count = max(1, round(span.duration_s * fps))
        if count > MOST_FRAMES:
            hint = f"{MOST_FRAMES} frames at most: {MOST_FRAMES / fps:.0f} seconds at {fps:g} frames a second."
            raise BadInput("The span is too long to follow things so closely.", hint)
        classes = tuple(self._detector.classes or sorted(names))
        key = (video.id, span, fps, classes, self._detector.model)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        times = [span.start_s + (number + 0.5) * span.duration_s / count for number in range(count)]
        sightings: list[FrameSightings] = []
        for first in range(0, count, FRAMES_AT_ONCE):
            if stop():
                raise Cancelled("Following things was stopped.")
            times_s, track = times[first : first + FRAMES_AT_ONCE], video.media.picture_track
            frames = list(self._frames.at(Path(video.path), times_s, max_side=SIDE, track=track))
            detections = self._detector.detect(frames, classes, least=LEAST_CONFIDENCE)
            for frame, things in zip(frames, detections, strict=True):
                votes = ((one, dict(one.votes) or {one.name: one.confidence}) for one in things)
                seen = [Sighting(one.box, one.confidence, names) for one, names in votes]
                sightings.append(FrameSightings(max(0.0, frame.pts_s - span.start_s), seen))
        tracks = [
            replace(
                track,
                span=TimeSpan(track.span.start_s + span.start_s, track.span.end_s + span.start_s),
                boxes=tuple(replace(box, time_s=box.time_s + span.start_s) for box in track.boxes),
            )
            for track in follow(sightings, until_s=span.duration_s, every_s=1 / fps)
        ]
        with self._lock:
            self._known[key] = tracks
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return tracks
