"""Things that a video shows: found in frames that changed, followed from frame to frame, stored as tracks and segments.

Finding things costs about a third of a second of one core for each frame, so that a long video is not searched in every
frame that changed, but in as many as cost a quarter of what the rest of ingest does.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Sequence

from app.core.errors import MissingPart
from app.core.types import Detection, Segment, SegmentKind, TimeSpan, VideoId, from_json, to_json
from app.core.types.objects import ObjectTrack, TimedBox, count_changes, place_of
from app.services.ingest.calls import DetectCall, object_pictures
from app.services.ingest.chunks import spread
from app.services.ingest.frame_samples import Sampled, repeats
from app.services.ingest.run import Run, Stage, Unit, unit_key
from gpu_workers.vision.tracking import FrameSightings, Sighting, follow

FRAMES_ALWAYS = 60
"""A video of up to so many frames that changed is searched in all of them."""
FRAMES_A_UNIT = 16
LEAST_CONFIDENCE = 0.3
MOST_CHANGES = 24
"""Where the number of a thing changes more often, the segments only say when it is there, and how many at most."""
SHORT_S = 1.0
"""A number that holds for less is left out."""


def frames_wanted(run: Run, span: TimeSpan) -> int:
    """In how many frames of a part of the video things are looked for."""
    if not run.settings.objects or run.parts.detector is None:
        return 0
    share = span.duration_s / max(run.video.duration_s, 1e-6)
    return round(FRAMES_ALWAYS * share + span.duration_s / run.settings.objects_every_s) + 1


def follow_things(run: Run, sampled: Sampled, chunks: Sequence[TimeSpan]) -> None:
    """Stores the tracks of the things in a video. `chunks` are those in which its pictures were read."""
    detector, tracks = run.parts.detector, run.parts.tracks
    if not run.settings.objects or detector is None or tracks is None or run.video.media.video is None:
        return
    track = run.video.media.picture_track
    times = [time_s for chunk in chunks for time_s in spread(_inside(sampled, chunk), frames_wanted(run, chunk))]
    if len(repeats(sampled)) == len(sampled.features) - 1:  # one picture throughout
        times = times[:1]

    def work(stage: Stage) -> bytes:
        groups = [times[first : first + FRAMES_A_UNIT] for first in range(0, len(times), FRAMES_A_UNIT)]
        units = [
            Unit(unit_key(group[0]), len(group), DetectCall(run.video.id, str(run.path), tuple(group), track))
            for group in groups
        ]
        stage.begin(len(times), "frames", stage.stored(units))
        try:
            stage.work_off("detect", units, _packed)
        except MissingPart as error:
            stage.put_off(f"No things were looked for: {error}")
            tracks.save(run.video.id, [])
            return b"[]"
        frames = [frame for unit in units for frame in _unpacked(stage.done[unit.key])]
        every_s = run.settings.sample_every_s if len(times) == len(sampled.features) else _usual_gap(times)
        found = follow(frames, until_s=run.video.duration_s, every_s=every_s)
        tracks.save(run.video.id, found)
        stage.detail = f"{len(found)} things"
        return json.dumps([to_json(one) for one in found]).encode()

    own = f"1/{detector.model}/{run.settings.objects_every_s:g}"
    run.stage("objects", run.version_after("sample", own=own), work)
    run.parts.media.remove(object_pictures(run.video.id))


def index_things(run: Run) -> None:
    """Makes the things of a video searchable, once its other segments are."""
    detector, tracks = run.parts.detector, run.parts.tracks
    if "objects" not in run.versions or detector is None or tracks is None:
        return

    def work(stage: Stage) -> bytes:
        segments = object_segments(run.video.id, tracks.tracks(run.video.id), detector.model)
        run.parts.retriever.remove(run.video.id, [SegmentKind.OBJECT])
        run.parts.library.replace_segments(run.video.id, [SegmentKind.OBJECT], segments)
        run.parts.retriever.add(segments)
        stage.detail = f"{len(segments)} texts"
        return b""

    run.stage("object_index", run.version_after("index", "objects", own="1"), work)


def object_segments(video: VideoId, tracks: Sequence[ObjectTrack], model: str) -> list[Segment]:
    """For each kind of thing, when how many of it are seen and where, in time order."""
    by_name: dict[str, list[ObjectTrack]] = defaultdict(list)
    for track in tracks:
        by_name[track.name].append(track)
    states = [state for name, same in by_name.items() for state in _states(name, same)]
    return [
        Segment(f"{video}-{SegmentKind.OBJECT}-{number}", video, SegmentKind.OBJECT, span, text, model, frame_s)
        for number, (span, text, frame_s) in enumerate(sorted(states))
    ]


def _states(name: str, tracks: Sequence[ObjectTrack]) -> list[tuple[TimeSpan, str, float]]:
    """The spans in which some things of one kind are seen, with a text and the frame that shows them best."""
    changes = [one for one in count_changes(tracks) if one[1] and one[0].duration_s >= SHORT_S]
    if len(changes) > MOST_CHANGES:
        return [_state(name, span, most, tracks, many=True) for span, most in _presences(changes)]
    return [_state(name, span, count, tracks) for span, count in changes]


def _state(
    name: str, span: TimeSpan, count: int, tracks: Sequence[ObjectTrack], *, many: bool = False
) -> tuple[TimeSpan, str, float]:
    there = [track for track in tracks if track.span.intersection_s(span) > 0]
    boxes = [box for track in there for box in track.boxes if span.contains(box.time_s)]
    best = max(boxes or [track.best for track in there], key=lambda box: box.confidence)
    if many:
        return span, f"{name} x1-{count}", best.time_s
    places = dict.fromkeys(place_of(_nearest(track, best.time_s)) for track in there)
    return span, f"{name} x{count}: {', '.join(places)}", best.time_s


def _presences(changes: Sequence[tuple[TimeSpan, int]]) -> list[tuple[TimeSpan, int]]:
    """Spans that follow each other as one, with the largest number."""
    found: list[tuple[TimeSpan, int]] = []
    for span, count in changes:
        if found and span.start_s - found[-1][0].end_s <= SHORT_S:
            found[-1] = (found[-1][0].hull(span), max(found[-1][1], count))
        else:
            found.append((span, count))
    return found


def _nearest(track: ObjectTrack, time_s: float) -> TimedBox:
    return min(track.boxes, key=lambda box: abs(box.time_s - time_s))


def _inside(sampled: Sampled, chunk: TimeSpan) -> list[float]:
    """The times of the frames that changed in a chunk; its end belongs to the next."""
    return [f.pts_s for f in sampled.features if chunk.start_s <= f.pts_s < chunk.end_s]


def _usual_gap(times: Sequence[float]) -> float:
    gaps = sorted(b - a for a, b in itertools.pairwise(times))
    return gaps[len(gaps) // 2] if gaps else 1.0


def _packed(found: Sequence[tuple[float, Sequence[Detection]]]) -> bytes:
    return json.dumps([(time_s, [to_json(thing) for thing in things]) for time_s, things in found]).encode()


def _unpacked(payload: bytes) -> list[FrameSightings]:
    frames = []
    for time_s, things in json.loads(payload):
        found = [from_json(Detection, thing) for thing in things]
        seen = [Sighting(one.box, one.confidence, dict(one.votes) or {one.name: one.confidence}) for one in found]
        frames.append(FrameSightings(time_s, seen))
    return frames
