"""What is shown: one pass over the pictures, then segments, key frames and captions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np

from app.core.ports import scene_describer
from app.core.types import (
    Caption,
    FrameFeatures,
    KeyFrame,
    TimeSpan,
    Utterance,
    from_json,
    to_json,
)
from app.services.ingest import objects
from app.services.ingest.calls import CaptionCall, ShotsCall, WatchCall, full_pictures, thumbnail_key
from app.services.ingest.frame_samples import Sampled, packed, repeats, unpacked
from app.services.ingest.run import Run, Stage, Unit, unit_key
from app.services.ingest.scenes import described
from retrieval.segmentation import cut, scene_borders

CAPTIONS_A_UNIT = 32
GLANCE_AT_ALL_S = 300.0
"""Every changed frame of a video up to this length is glanced at for text."""
SECONDS_A_GLANCE = 2.5
STILL_S = 120.0
"""From this length on, a time in which nothing is said and nothing changes is one piece."""
BEGINNING_S = 1.0


def sample(run: Run) -> Sampled:
    """Decodes and embeds the whole video, chunk by chunk."""
    media = run.video.media
    settings = run.settings

    def work(stage: Stage) -> bytes:
        if media.video is None:
            return packed(Sampled([], [], []))
        units = [_watch(run, chunk) for chunk in chunks_of(run.video.duration_s, settings.sample_chunk_s)]
        stage.begin(run.video.duration_s, "s", stage.stored(units))
        stage.work_off("watch", units, bytes)
        parts = [unpacked(stage.done[unit.key]) for unit in units]
        whole = Sampled(
            [f for p in parts for f in p.features],
            [t for p in parts for t in p.text_s],
            [t for p in parts for t in p.blank_s],
        )
        stage.detail = f"{len(whole.features)} frames, {len(whole.text_s)} with text"
        return packed(whole)

    return unpacked(run.stage("sample", _sample_version(run), work))


def sampled_before(run: Run) -> Sampled | None:
    """What `sample` found when the video was read with these models and settings; None if it was not."""
    stored = run.parts.stages.finished(run.video.id, "sample", _sample_version(run))
    return None if stored is None else unpacked(stored)


def _sample_version(run: Run) -> str:
    settings = run.settings
    sizes = f"{settings.sample_every_s:g}/{settings.text_side}/{settings.sample_chunk_s:g}"
    return run.version_after("probe", own=f"3/{run.parts.frame_embedder.model}/{sizes}")


def _watch(run: Run, chunk: TimeSpan) -> Unit:
    """A glance costs as much as embedding several frames, so of a long video only some frames are glanced at."""
    long = run.video.duration_s > GLANCE_AT_ALL_S
    glances = int(chunk.duration_s / SECONDS_A_GLANCE) + 1 if long else None
    track, wanted = run.video.media.picture_track, objects.frames_wanted(run, chunk)
    call = WatchCall(run.video.id, str(run.path), chunk, glances, track, wanted)
    return Unit(unit_key(chunk.start_s), chunk.duration_s, call)


def pieces(run: Run, sampled: Sampled, utterances: Sequence[Utterance]) -> list[TimeSpan]:
    """Pieces of 10-30 s that cover the video, cut at scene and sentence borders; a long time of nothing is one."""
    seen, features = shots(run), sampled.features

    def work(stage: Stage) -> bytes:
        vectors = np.stack([f.vector for f in features]) if features else np.zeros((0, 1), np.float32)
        spans = cut(
            run.video.duration_s,
            scene_borders([f.pts_s for f in features], vectors) if seen is None else seen,
            [u.span for u in utterances],
            min_s=run.settings.segment_min_s,
            max_s=run.settings.segment_max_s,
        )
        same = repeats(sampled)
        spans = joined_while_still(spans, [f.pts_s for f in features if f.pts_s not in same], utterances)
        stage.detail = f"{len(spans)} segments"
        return json.dumps([(s.start_s, s.end_s) for s in spans]).encode()

    own = f"1/{run.settings.segment_min_s:g}/{run.settings.segment_max_s:g}"
    before = ["sample", "transcribe"] if seen is None else ["sample", "transcribe", "shots"]
    payload = run.stage("segment", run.version_after(*before, own=own), work)
    return [TimeSpan(a, b) for a, b in json.loads(payload)]


def joined_while_still(
    spans: Sequence[TimeSpan], changes_s: Sequence[float], utterances: Sequence[Utterance]
) -> list[TimeSpan]:
    """The pieces, of which those that follow each other without a word or a change become one if they last long.

    `changes_s` are the times of new frames, in order; a frame at the very beginning of a piece is shown throughout it.
    """
    changes = np.asarray(changes_s)
    starts, ends = (np.sort([getattr(u.span, at) for u in utterances]) for at in ("start_s", "end_s"))
    runs: list[list[TimeSpan]] = []
    is_still = False
    for span in spans:
        silent = np.searchsorted(starts, span.end_s) == np.searchsorted(ends, span.start_s, side="right")
        first, begun, last = np.searchsorted(changes, [span.start_s, span.start_s + BEGINNING_S, span.end_s])
        if is_still and silent and first == last:
            runs[-1].append(span)
        else:
            runs.append([span])
            is_still = bool(silent and begun == last)
    joined: list[TimeSpan] = []
    for run in runs:
        whole = run[0].hull(run[-1])
        joined += [whole] if whole.duration_s >= STILL_S else run
    return joined


def shots(run: Run) -> list[float] | None:
    """When shots begin, if the settings name a detector; it sees every frame of the video."""
    detector, media, settings = run.parts.shot_detector, run.video.media, run.settings
    if detector is None or media.video is None:
        return None

    def work(stage: Stage) -> bytes:
        chunks = chunks_of(run.video.duration_s, settings.sample_chunk_s)
        track = media.picture_track
        units = [Unit(unit_key(c.start_s), c.duration_s, ShotsCall(str(run.path), c, track)) for c in chunks]
        stage.begin(run.video.duration_s, "s", stage.stored(units))
        stage.work_off("shots", units, lambda found: json.dumps(found).encode())
        found = sorted({time_s for unit in units for time_s in json.loads(stage.done[unit.key])})
        stage.detail = f"{len(found) + 1} shots"
        return json.dumps(found).encode()

    own = f"1/{detector.model}/{settings.sample_chunk_s:g}"
    found: list[float] = json.loads(run.stage("shots", run.version_after("probe", own=own), work))
    return found


def key_frames(run: Run, features: Sequence[FrameFeatures], spans: Sequence[TimeSpan]) -> list[KeyFrame]:
    """The frames that stand for each piece."""

    def work(stage: Stage) -> bytes:
        chosen: list[KeyFrame] = []
        for number, inside in enumerate(features_by_piece(features, spans)):
            for index in run.parts.selector.select(inside, run.settings.key_frames_per_segment):
                time_s = inside[index].pts_s
                chosen.append(KeyFrame(time_s, number, thumbnail_key(run.video.id, time_s)))
        stage.detail = f"{len(chosen)} key frames"
        return json.dumps([to_json(k) for k in chosen]).encode()

    settings = run.settings
    maxinfo = f"{settings.maxinfo_form}/{settings.maxinfo_rank}/{settings.maxinfo_tolerance:g}"
    own = f"3/{run.parts.selector.name}/{settings.key_frames_per_segment}/{maxinfo}"
    payload = run.stage("key_frames", run.version_after("segment", own=own), work)
    return [from_json(KeyFrame, item) for item in json.loads(payload)]


def features_by_piece(
    features: Sequence[FrameFeatures], spans: Sequence[TimeSpan]
) -> Iterator[Sequence[FrameFeatures]]:
    """For each piece the features inside it; for a still piece those of the frame that is standing."""
    times = [f.pts_s for f in features]
    for span in spans:
        first, last = np.searchsorted(times, [span.start_s, span.end_s])
        yield features[first:last] or features[max(first - 1, 0) : max(first, 1)]


def captions(
    run: Run, features: Sequence[FrameFeatures], spans: Sequence[TimeSpan], keys: Sequence[KeyFrame]
) -> list[Caption]:
    """What each piece shows; pieces of which nothing can be said have no caption."""
    if (describer := scene_describer(run.parts.captioner)) is not None:
        written = described(run, describer, list(features_by_piece(features, spans)), spans)
    else:
        written = _captions_of_key_frames(run, features, spans, keys)
    run.parts.media.remove(full_pictures(run.video.id))
    return written


def _captions_of_key_frames(
    run: Run, features: Sequence[FrameFeatures], spans: Sequence[TimeSpan], keys: Sequence[KeyFrame]
) -> list[Caption]:
    by_piece: dict[int, list[KeyFrame]] = {}
    for key in keys:
        by_piece.setdefault(key.piece, []).append(key)
    by_time = {f.pts_s: f for f in features}

    def work(stage: Stage) -> bytes:
        numbers = sorted(by_piece)
        units = []
        for first in range(0, len(numbers), CAPTIONS_A_UNIT):
            some = numbers[first : first + CAPTIONS_A_UNIT]
            pieces = tuple(
                (spans[n], tuple(by_piece[n]), tuple(by_time[key.pts_s] for key in by_piece[n])) for n in some
            )
            units.append(Unit(str(first), len(some), CaptionCall(pieces)))
        stage.begin(len(by_piece), "pieces", stage.stored(units))
        stage.work_off("caption", units, lambda part: json.dumps([to_json(c) for c in part]).encode())
        written = [from_json(Caption, item) for unit in units for item in json.loads(stage.done[unit.key])]
        return json.dumps([to_json(c) for c in written if c.text]).encode()

    payload = run.stage("caption", run.version_after("key_frames", own=run.parts.captioner.model), work)
    return [from_json(Caption, item) for item in json.loads(payload)]


def chunks_of(duration_s: float, length_s: float) -> list[TimeSpan]:
    """Equal stretches of a video, of which the last may be shorter; at least one."""
    count = max(1, int(np.ceil(duration_s / length_s)))
    return [TimeSpan(i * length_s, min((i + 1) * length_s, max(duration_s, i * length_s))) for i in range(count)]
