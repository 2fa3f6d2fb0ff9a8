"""Things that a video shows: found in frames that changed, followed from frame to frame, stored as tracks and segments.

Finding things costs about a third of a second of one core for each frame, so that a long video is not searched in every
frame that changed, but in as many as cost a quarter of what the rest of ingest does.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from statistics import median_high

from app.core.types import Detection, Segment, SegmentKind, TimeSpan, VideoId
from app.core.types.objects import ObjectTrack, count_changes, place_of
from app.services.ingest.calls import DetectCall, object_pictures
from app.services.ingest.chunks import spread
from app.services.ingest.frame_samples import repeats
from app.services.ingest.run import Run, present
from app.services.ingest.stage import NOTHING, Stage, StageRun, Unit, UnitCalls, as_json, unit_key
from app.services.ingest.stages.index import replace_kind
from app.services.ingest.stages.sample import SAMPLE, object_frames
from gpu_workers.vision.tracking import FrameSightings, Sighting, follow

FRAMES_A_UNIT = 16
MOST_CHANGES = 24
"""Where the number of a thing changes more often, the segments only say when it is there, and how many at most."""
SHORT_S = 1.0
"""A number that holds for less is left out."""


def _chosen(run: Run) -> list[float]:
    """The times of the frames in which things are looked for."""
    sampled = SAMPLE.of(run)
    times_s = []
    for chunk in run.chunks:
        changes_s = [f.pts_s for f in sampled.features if chunk.start_s <= f.pts_s < chunk.end_s]
        times_s += spread(changes_s, object_frames(run, chunk))
    shows_one_picture = len(repeats(sampled)) == len(sampled.features) - 1
    return times_s[:1] if shows_one_picture else times_s


def object_segments(video: VideoId, tracks: Sequence[ObjectTrack], model: str) -> list[Segment]:
    """For each kind of thing, when how many of it are seen and where, in time order."""
    by_name: dict[str, list[ObjectTrack]] = defaultdict(list)
    for track in tracks:
        by_name[track.name].append(track)
    states: list[tuple[TimeSpan, str, float]] = []
    for name, same in by_name.items():
        changes = [one for one in count_changes(same) if one[1] and one[0].duration_s >= SHORT_S]
        if len(changes) <= MOST_CHANGES:
            states += [_state(name, span, count, same) for span, count in changes]
            continue
        presences: list[tuple[TimeSpan, int]] = []  # spans that follow each other as one, with the largest number
        for span, count in changes:
            if presences and span.start_s - presences[-1][0].end_s <= SHORT_S:
                presences[-1] = (presences[-1][0].hull(span), max(presences[-1][1], count))
            else:
                presences.append((span, count))
        states += [_state(name, span, most, same, many=True) for span, most in presences]
    return [
        Segment(f"{video}-{SegmentKind.OBJECT}-{number}", video, SegmentKind.OBJECT, span, text, model, frame_s)
        for number, (span, text, frame_s) in enumerate(sorted(states))
    ]


def _state(
    name: str, span: TimeSpan, count: int, tracks: Sequence[ObjectTrack], *, many: bool = False
) -> tuple[TimeSpan, str, float]:
    there = [track for track in tracks if track.span.intersection_s(span) > 0]
    boxes = [box for track in there for box in track.boxes if span.contains(box.time_s)]
    best = max(boxes or [track.best for track in there], key=lambda box: box.confidence)
    if many:
        return span, f"{name} x1-{count}", best.time_s
    nearest = [min(track.boxes, key=lambda box: abs(box.time_s - best.time_s)) for track in there]
    places = dict.fromkeys(map(place_of, nearest))
    return span, f"{name} x{count}: {', '.join(places)}", best.time_s


class _Objects(Stage[list[ObjectTrack]]):
    """The things of the video, also stored in the library."""

    name = "objects"
    inputs = ("sample",)
    codec = as_json(list[ObjectTrack])
    calls = UnitCalls(
        "detect", as_json(list[tuple[float, list[Detection]]]), "frames", missing="No things were looked for"
    )

    def wanted(self, run: Run) -> bool:
        detector, tracks = run.parts.detector, run.parts.tracks
        return (
            run.settings.objects and detector is not None and tracks is not None and run.video.media.video is not None
        )

    def version(self, run: Run) -> str:
        return f"1/{present(run.parts.detector).model}/{run.settings.objects_every_s:g}"

    def units(self, run: Run) -> list[Unit]:
        times_s, track = _chosen(run), run.video.media.picture_track
        groups = [times_s[first : first + FRAMES_A_UNIT] for first in range(0, len(times_s), FRAMES_A_UNIT)]
        return [
            Unit(unit_key(group[0]), len(group), DetectCall(run.video.id, str(run.path), tuple(group), track))
            for group in groups
        ]

    def reduce(self, work: StageRun) -> list[ObjectTrack]:
        """The things of the video, stored."""
        run, times_s = work.run, _chosen(work.run)
        gaps_s = [after - before for before, after in itertools.pairwise(times_s)] or [1.0]
        searches_every_frame = len(times_s) == len(SAMPLE.of(run).features)
        every_s = run.settings.sample_every_s if searches_every_frame else median_high(gaps_s)
        frames = []
        for time_s, detections in itertools.chain.from_iterable(work.parts):
            seen = [
                Sighting(one.box, one.confidence, dict(one.votes) or {one.name: one.confidence}) for one in detections
            ]
            frames.append(FrameSightings(time_s, seen))
        things = follow(frames, until_s=run.video.duration_s, every_s=every_s)
        present(run.parts.tracks).save(run.video.id, things)
        work.detail = f"{len(things)} things"
        return things

    def after(self, run: Run, result: list[ObjectTrack]) -> None:  # noqa: ARG002
        run.parts.media.remove(object_pictures(run.video.id))


OBJECTS = _Objects()


class _ObjectIndex(Stage[None]):
    """Makes the things of a video searchable, once its other segments are."""

    name = "object_index"
    inputs = ("index", "objects")
    codec = NOTHING
    wanted = OBJECTS.wanted

    def reduce(self, work: StageRun) -> None:
        run = work.run
        tracks = present(run.parts.tracks).tracks(run.video.id)
        segments = object_segments(run.video.id, tracks, present(run.parts.detector).model)
        replace_kind(run, SegmentKind.OBJECT, segments)
        work.detail = f"{len(segments)} texts"


OBJECT_INDEX = _ObjectIndex()
