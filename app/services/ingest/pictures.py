"""What is shown: one pass over the pictures, pieces, key frames and captions.

The pass decodes each chunk of the file once. Frames that look like the frame before are dropped;
of the others it keeps features, a thumbnail and, where there may be text, a full-size picture for
the reader. Memory holds one batch of frames and one chunk of compressed pictures, whatever the
length of the video.
"""

from __future__ import annotations

import io
import json
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.core.ports import BatchCaptioner, CaptionTask
from app.core.types import (
    Caption,
    Frame,
    FrameFeatures,
    KeyFrame,
    TimeSpan,
    Utterance,
    VideoId,
    from_json,
    to_json,
)
from app.services.ingest.changes import ChangeDetector
from app.services.ingest.run import Run, Stage
from retrieval.pieces import cut, scene_borders

BATCH = 16
PREFETCH = 8
"""Frames decoded ahead, so that decoding and embedding overlap."""
CAPTIONS_A_UNIT = 32
GLANCE_AT_ALL_S = 300.0
"""Every changed frame of a video up to this length is glanced at for text."""
SECONDS_A_GLANCE = 2.5
SPREAD = 0.7
"""The share of a budget of frames that is spread evenly; the rest goes to the frames that stand longest."""


def thumbnail_key(video: VideoId, pts_s: float) -> str:
    """Where the small picture of a moment is kept."""
    return f"{video}/frames/{round(pts_s * 1000):010d}.webp"


def text_picture_key(video: VideoId, pts_s: float) -> str:
    """Where the full-size picture of a moment waits for the text reader."""
    return f"{video}/text/{round(pts_s * 1000):010d}.jpg"


@dataclass(frozen=True)
class Sampled:
    """What the pass over the pictures found, in time order."""

    features: list[FrameFeatures]
    """Of every frame that differs from the one before."""
    text_s: list[float]
    """The times of those that may hold text."""


def sample(run: Run) -> Sampled:
    """Decodes and embeds the whole video, chunk by chunk."""
    media = run.video.media
    settings = run.settings

    def work(stage: Stage) -> bytes:
        if media.video is None:
            return _pack(Sampled([], []))
        chunks = _chunks(run.video.duration_s, settings.sample_chunk_s)
        stage.begin(run.video.duration_s, "s", sum(c.duration_s for c in chunks if _key(c) in stage.done))
        parts: list[Sampled] = []
        for chunk in chunks:
            stored = stage.done.get(_key(chunk))
            if stored is None:
                stored = _pack(_sample_chunk(run, stage, chunk))
                stage.save(_key(chunk), stored)
            parts.append(_unpack(stored))
            stage.progress(chunk.end_s)
        whole = Sampled([f for p in parts for f in p.features], [t for p in parts for t in p.text_s])
        stage.detail = f"{len(whole.features)} frames, {len(whole.text_s)} with text"
        return _pack(whole)

    sizes = f"{settings.sample_every_s:g}/{settings.text_side}/{settings.sample_chunk_s:g}"
    own = f"2/{run.parts.frame_embedder.model}/{sizes}"
    return _unpack(run.stage("sample", run.version_after("probe", own=own), work))


def _sample_chunk(run: Run, stage: Stage, chunk: TimeSpan) -> Sampled:
    detector = ChangeDetector()
    features: list[FrameFeatures] = []
    pictures: dict[float, bytes] = {}
    batch: list[Frame] = []
    stream = run.parts.frames.sample(
        run.path, span=chunk, every_s=run.settings.sample_every_s, max_side=run.settings.text_side
    )
    for frame in _ahead(stream):
        if detector.is_new(frame):
            batch.append(frame)
        if len(batch) == BATCH:
            features += _see(run, batch, pictures)
            batch = []
        stage.progress(frame.pts_s)
    if batch:
        features += _see(run, batch, pictures)
    return Sampled(features, _keep_texts(run, chunk, pictures))


def _see(run: Run, batch: Sequence[Frame], pictures: dict[float, bytes]) -> list[FrameFeatures]:
    """Features of a batch; its thumbnails are stored, its full-size pictures held compressed."""
    for frame in batch:
        picture = Image.fromarray(frame.image)
        pictures[frame.pts_s] = _encoded(picture, "JPEG", 92)
        picture.thumbnail((run.settings.thumbnail_side, run.settings.thumbnail_side))
        run.parts.media.put(thumbnail_key(run.video.id, frame.pts_s), _encoded(picture, "WEBP", 75))
    return run.parts.frame_embedder.embed(batch)


def _keep_texts(run: Run, chunk: TimeSpan, pictures: dict[float, bytes]) -> list[float]:
    """Stores the pictures of a chunk that may hold text and returns their times.

    A glance costs as much as embedding several frames, so where everything moves only some are glanced at.
    """
    times = list(pictures)
    long = run.video.duration_s > GLANCE_AT_ALL_S
    budget = int(chunk.duration_s / SECONDS_A_GLANCE) + 1 if long else len(times)
    kept = []
    for time_s in longest_standing(times, times, chunk, budget):
        run.check()
        if run.parts.text_reader.may_hold_text(Frame(time_s, decoded(pictures[time_s]))):
            run.parts.media.put(text_picture_key(run.video.id, time_s), pictures[time_s])
            kept.append(time_s)
    return kept


def longest_standing(times_s: Sequence[float], some_s: Sequence[float], span: TimeSpan, budget: int) -> list[float]:
    """At most `budget` of the times `some_s`: spread over the span, and of neighbours those that stand longest.

    `times_s` are all moments at which the picture changed, which tells how long each frame stood.
    """
    if len(some_s) <= budget:
        return list(some_s)
    ends = [*times_s[1:], span.end_s]
    stood = {time_s: end - time_s for time_s, end in zip(times_s, ends, strict=True)}
    best: dict[int, float] = {}
    for time_s in some_s:
        slot = int((time_s - span.start_s) / span.duration_s * budget * SPREAD)
        if slot not in best or stood[time_s] > stood[best[slot]]:
            best[slot] = time_s
    chosen = set(best.values())
    rest = sorted((t for t in some_s if t not in chosen), key=lambda t: -stood[t])
    return sorted([*chosen, *rest[: max(0, budget - len(chosen))]])


def decoded(data: bytes) -> NDArray[np.uint8]:
    """Pixels of a stored picture: uint8, height x width x 3, RGB."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def _encoded(picture: Image.Image, kind: str, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, quality=quality)
    return buffer.getvalue()


def _ahead(stream: Iterator[Frame]) -> Iterator[Frame]:
    """The same frames, decoded in a thread of their own a few frames ahead."""
    waiting: queue.Queue[Frame | BaseException | None] = queue.Queue(PREFETCH)
    stopped = threading.Event()

    def offer(item: Frame | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def decode() -> None:
        try:
            for frame in stream:
                offer(frame)
                if stopped.is_set():
                    return
            offer(None)
        except BaseException as error:  # noqa: BLE001 - carried to the reader's thread and raised there
            offer(error)

    thread = threading.Thread(target=decode, name="decode", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()


def pieces(run: Run, features: Sequence[FrameFeatures], utterances: Sequence[Utterance]) -> list[TimeSpan]:
    """Pieces of 10-30 s that cover the video, cut at scene and sentence borders."""

    def work(stage: Stage) -> bytes:
        vectors = np.stack([f.vector for f in features]) if features else np.zeros((0, 1), np.float32)
        spans = cut(
            run.video.duration_s,
            scene_borders([f.pts_s for f in features], vectors),
            [u.span for u in utterances],
            min_s=run.settings.segment_min_s,
            max_s=run.settings.segment_max_s,
        )
        stage.detail = f"{len(spans)} pieces"
        return json.dumps([(s.start_s, s.end_s) for s in spans]).encode()

    own = f"1/{run.settings.segment_min_s:g}/{run.settings.segment_max_s:g}"
    payload = run.stage("segment", run.version_after("sample", "transcribe", own=own), work)
    return [TimeSpan(a, b) for a, b in json.loads(payload)]


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

    own = f"1/{run.parts.selector.name}/{run.settings.key_frames_per_segment}"
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
    """A sentence about what each piece shows; pieces of which nothing can be said have none."""
    by_piece: dict[int, list[KeyFrame]] = {}
    for key in keys:
        by_piece.setdefault(key.piece, []).append(key)
    by_time = {f.pts_s: f for f in features}

    def work(stage: Stage) -> bytes:
        stage.begin(len(by_piece), "pieces")
        captioner = run.parts.captioner
        at_once = captioner.at_once if isinstance(captioner, BatchCaptioner) else 1
        written: list[Caption] = []
        numbers = sorted(by_piece)
        for first in range(0, len(numbers), CAPTIONS_A_UNIT):
            key = str(first)
            if key in stage.done:
                written += [from_json(Caption, item) for item in json.loads(stage.done[key])]
                continue
            part: list[Caption] = []
            unit = numbers[first : first + CAPTIONS_A_UNIT]
            for some in (unit[i : i + at_once] for i in range(0, len(unit), at_once)):
                part += _caption(run, [_task(run, by_piece[n], by_time, spans[n]) for n in some])
                stage.progress(first + len(part))
            stage.save(key, json.dumps([to_json(c) for c in part]).encode())
            written += part
        return json.dumps([to_json(c) for c in written if c.text]).encode()

    payload = run.stage("caption", run.version_after("key_frames", own=run.parts.captioner.model), work)
    return [from_json(Caption, item) for item in json.loads(payload)]


def _task(run: Run, keys: Sequence[KeyFrame], by_time: dict[float, FrameFeatures], span: TimeSpan) -> CaptionTask:
    frames = tuple(Frame(key.pts_s, decoded(run.parts.media.get(key.thumbnail))) for key in keys)
    return CaptionTask(span, frames, tuple(by_time[key.pts_s] for key in keys))


def _caption(run: Run, tasks: Sequence[CaptionTask]) -> list[Caption]:
    captioner = run.parts.captioner
    if isinstance(captioner, BatchCaptioner):
        return captioner.caption_all(tasks)
    return [captioner.caption(task.frames, task.features, task.span) for task in tasks]


def _chunks(duration_s: float, length_s: float) -> list[TimeSpan]:
    count = max(1, int(np.ceil(duration_s / length_s)))
    return [TimeSpan(i * length_s, min((i + 1) * length_s, max(duration_s, i * length_s))) for i in range(count)]


def _key(chunk: TimeSpan) -> str:
    return f"{chunk.start_s:.3f}"


def _pack(sampled: Sampled) -> bytes:
    buffer = io.BytesIO()
    features = sampled.features
    np.savez(
        buffer,
        times=np.array([f.pts_s for f in features]),
        vectors=np.array([f.vector for f in features], np.float16),
        concepts=np.array([f.concept for f in features], np.float16),
        light=np.array([(f.brightness, f.contrast) for f in features], np.float32).reshape(-1, 2),
        text=np.array(sampled.text_s),
        tags=np.frombuffer(json.dumps([f.tags for f in features]).encode(), np.uint8),
    )
    return buffer.getvalue()


def _unpack(payload: bytes) -> Sampled:
    with np.load(io.BytesIO(payload)) as data:
        times, light = data["times"], data["light"]
        vectors, concepts = data["vectors"].astype(np.float32), data["concepts"].astype(np.float32)
        tags, text_s = json.loads(data["tags"].tobytes()), data["text"].tolist()
    features = [
        FrameFeatures(
            float(times[i]),
            vectors[i],
            concepts[i],
            tuple((name, float(p)) for name, p in tags[i]),
            float(light[i, 0]),
            float(light[i, 1]),
        )
        for i in range(len(times))
    ]
    return Sampled(features, text_s)
