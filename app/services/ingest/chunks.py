"""Processes one chunk of a video: the same code in this process and on another machine.

A call is small plain data (a path, a span, options) and a result is compact (a transcript, packed
arrays, lines of text), so both travel well. Pixels do not travel: they go to the media store.
Memory holds one batch of frames and one chunk of compressed pictures, whatever the length of the video.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.core.errors import Cancelled, LongreelError, MissingPart, NotFound, StorageFull
from app.core.ports import (
    AudioSource,
    BatchCaptioner,
    Captioner,
    CaptionTask,
    Diarizer,
    FaceFinder,
    FrameEmbedder,
    FrameSource,
    MediaStore,
    ObjectDetector,
    ShotDetector,
    SoundTagger,
    TextReader,
    Transcriber,
    scene_describer,
)
from app.core.settings import Ingest
from app.core.types import (
    Caption,
    Detection,
    Diarization,
    Frame,
    FrameFeatures,
    SoundSpan,
    TextLine,
    TimeSpan,
    Transcript,
    VideoId,
)
from app.services.ingest.calls import (
    CaptionCall,
    DescribeCall,
    DetectCall,
    ListenCall,
    PicturesCall,
    ReadCall,
    SoundCall,
    Undescribed,
    WatchCall,
    full_picture_key,
    object_picture_key,
    thumbnail_key,
)
from app.services.ingest.face_clusters import Groups
from app.services.ingest.frame_change import ChangeDetector
from app.services.ingest.frame_samples import Sampled, packed
from app.services.ingest.prefetch import ahead
from gpu_workers.vision import coco

BATCH = 16
EVERY_FRAME_S = 0.001
"""No video has more frames than one each millisecond."""
SHOT_SIDE = 128
"""Longest side of the pictures in which shots are found, pixels."""
BEFORE_S = 4.0
"""What a detector sees before a chunk, so that a cut on the border is found."""
SHOT_BEATS = 50
"""Frames between two signs of life."""
LOOK_S = 0.2
"""Seconds between two signs of life while a server is waited for."""
LEAST_CONFIDENCE = 0.3
"""How sure a detector must be of a thing."""
SPREAD = 0.7
"""The share of a budget of frames that is spread evenly; the rest goes to the frames that stand longest."""

Beat = Callable[[float], None]
"""Called often with the share of the chunk that is done, 0 to 1; raises Cancelled when the work shall stop."""


@dataclass(frozen=True)
class ChunkReader:
    """Everything that is done chunk by chunk, over models that are loaded when they are first used."""

    frames: FrameSource
    audio: AudioSource
    transcriber: Transcriber
    frame_embedder: FrameEmbedder
    text_reader: TextReader
    captioner: Captioner
    media: MediaStore
    settings: Ingest
    diarizer: Diarizer | None = None
    sound_tagger: SoundTagger | None = None
    shot_detector: ShotDetector | None = None
    face_finder: FaceFinder | None = None
    detector: ObjectDetector | None = None

    def listen(self, call: ListenCall, beat: Beat) -> Transcript:
        """What is said in a chunk, on the chunk's clock."""
        beat(0.0)
        sound = self.audio.samples(Path(call.path), call.span, call.sound)
        return self.transcriber.transcribe(
            sound, languages=call.languages, expected=call.expected, terms=call.terms, translate=call.translate
        )

    def diarize(self, call: SoundCall, beat: Beat) -> Diarization:
        """Who speaks when in a piece, on the piece's clock. Raises MissingPart when no diarizer was chosen."""
        beat(0.0)
        if self.diarizer is None:
            raise MissingPart("No model separates speakers.", "Set LONGREEL_MODELS__DIARIZER.")
        return self.diarizer.diarize(self.audio.samples(Path(call.path), call.span, call.sound))

    def sounds(self, call: SoundCall, beat: Beat) -> list[SoundSpan]:
        """Which sounds are heard in a chunk, on the chunk's clock. Raises MissingPart without a tagger."""
        beat(0.0)
        if self.sound_tagger is None:
            raise MissingPart("No model recognises sounds.", "Set LONGREEL_MODELS__SOUND_TAGGER.")
        return self.sound_tagger.tag(self.audio.samples(Path(call.path), call.span, call.sound))

    def shots(self, call: PicturesCall, beat: Beat) -> list[float]:
        """When shots begin in a chunk, by all of its frames and some before. Raises MissingPart without a detector."""
        if self.shot_detector is None:
            raise MissingPart("No model finds shots.", "Set LONGREEL_MODELS__SHOT_DETECTOR.")
        span = TimeSpan(max(0.0, call.span.start_s - BEFORE_S), call.span.end_s)

        def every() -> Iterator[Frame]:
            frames = self.frames.sample(
                Path(call.path), span=span, every_s=EVERY_FRAME_S, max_side=SHOT_SIDE, track=call.track
            )
            for number, frame in enumerate(frames):
                if number % SHOT_BEATS == 0:
                    beat(min(1.0, max(0.0, (frame.pts_s - call.span.start_s) / max(call.span.duration_s, 1.0))))
                yield frame

        return [time_s for time_s in self.shot_detector.cuts(every()) if time_s >= call.span.start_s]

    def faces(self, call: PicturesCall, beat: Beat) -> Diarization:
        """Who is seen when in a chunk, on the video's clock. Raises MissingPart when no model finds faces."""
        if self.face_finder is None:
            raise MissingPart("No model finds faces.", "Set LONGREEL_MODELS__FACE_FINDER.")
        every_s, side = self.settings.sample_every_s, self.settings.text_side
        groups = Groups(every_s)
        frames = self.frames.sample(Path(call.path), span=call.span, every_s=every_s, max_side=side, track=call.track)
        for frame in ahead(frames):
            for face in self.face_finder.faces([frame])[0]:
                groups.add(frame.pts_s, face)
            beat(min(1.0, max(0.0, (frame.pts_s - call.span.start_s) / max(call.span.duration_s, every_s))))
        return groups.found(call.span)

    def watch(self, call: WatchCall, beat: Beat) -> bytes:
        """Features of every frame that differs from the one before, packed; its pictures go to the media store."""
        detector = ChangeDetector()
        features: list[FrameFeatures] = []
        pictures: dict[float, bytes] = {}
        batch: list[Frame] = []
        damaged_s: list[float] = []
        every_s, side = self.settings.sample_every_s, self.settings.text_side
        frames = self.frames.sample(Path(call.path), span=call.span, every_s=every_s, max_side=side, track=call.track)
        for frame in ahead(frames):
            if frame.is_damaged:
                damaged_s.append(frame.pts_s)
            for lost in frame.lost:
                damaged_s += np.arange(lost.start_s, min(lost.end_s, call.span.end_s), every_s).tolist()
            if detector.is_new(frame):
                batch.append(frame)
            if len(batch) == BATCH:
                features += self._see(call.video, batch, pictures)
                batch = []
            beat(min(1.0, (frame.pts_s - call.span.start_s) / max(call.span.duration_s, every_s)))
        if batch:
            features += self._see(call.video, batch, pictures)
        for time_s in spread(list(pictures), call.objects):
            self.media.put(object_picture_key(call.video, time_s), pictures[time_s])
        return packed(Sampled(features, *self._keep_texts(call, pictures, beat), sorted(damaged_s)))

    def _see(self, video: VideoId, batch: Sequence[Frame], pictures: dict[float, bytes]) -> list[FrameFeatures]:
        """Features of a batch; its thumbnails are stored, its full-size pictures held compressed, and stored too where
        the captioner wants them."""
        side = self.settings.thumbnail_side
        describes = scene_describer(self.captioner) is not None
        for frame in batch:
            picture = Image.fromarray(frame.image)
            pictures[frame.pts_s] = _encoded(picture, "JPEG", 92)
            if describes:
                self.media.put(full_picture_key(video, frame.pts_s), pictures[frame.pts_s])
            picture.thumbnail((side, side))
            self.media.put(thumbnail_key(video, frame.pts_s), _encoded(picture, "WEBP", 75))
        return self.frame_embedder.embed(batch)

    def _keep_texts(self, call: WatchCall, pictures: dict[float, bytes], beat: Beat) -> tuple[list[float], list[float]]:
        """Stores the pictures of a chunk that may hold text; their times, and those of pictures without text."""
        times = list(pictures)
        budget = len(times) if call.glances is None else call.glances
        with_text, blank = [], []
        for time_s in longest_standing(times, times, call.span, budget):
            beat(1.0)
            if self.text_reader.may_hold_text(Frame(time_s, decoded(pictures[time_s]))):
                self.media.put(full_picture_key(call.video, time_s), pictures[time_s])
                with_text.append(time_s)
            else:
                blank.append(time_s)
        return with_text, blank

    def detect(self, call: DetectCall, beat: Beat) -> list[tuple[float, list[Detection]]]:
        """The things at each moment. Raises MissingPart when no model finds things."""
        if self.detector is None:
            raise MissingPart("No model finds things.", "Set LONGREEL_MODELS__OBJECT_DETECTOR.")
        names = self.detector.classes or coco.NAMES
        detections = []
        for number, time_s in enumerate(call.times_s):
            beat(number / len(call.times_s))
            frames = self._frames(object_picture_key, call, [time_s])
            detections.append((time_s, self.detector.detect(frames, names, least=LEAST_CONFIDENCE)[0]))
        return detections

    def read(self, call: ReadCall, beat: Beat) -> list[TextLine]:
        """The text on the screen at a moment."""
        beat(0.0)
        return self.text_reader.read(self._frames(full_picture_key, call, [call.time_s])[0])

    def describe(self, call: DescribeCall, beat: Beat) -> list[Caption | Undescribed]:
        """What each piece shows, with as many requests under way as the captioner allows.

        Raises MissingPart when the captioner is of another kind.
        """
        captioner = scene_describer(self.captioner)
        if captioner is None:
            raise MissingPart(f"{self.captioner.model} describes no scenes.", "Set LONGREEL_MODELS__CAPTIONER=openai.")
        stopped = threading.Event()

        def describe(piece: tuple[TimeSpan, tuple[float, ...]]) -> Caption | Undescribed:
            span, times_s = piece
            try:
                return captioner.describe(self._frames(full_picture_key, call, times_s), span, stopped.is_set)
            except (Cancelled, StorageFull):
                raise
            except LongreelError as error:
                return Undescribed(str(error))

        with ThreadPoolExecutor(captioner.at_once, thread_name_prefix="describe") as pool:
            futures = [pool.submit(describe, piece) for piece in call.pieces]
            try:
                while left := wait(futures, LOOK_S).not_done:
                    beat(1 - len(left) / len(futures))
            except BaseException:
                stopped.set()
                raise
        return [future.result() for future in futures]

    def _frames(
        self,
        key: Callable[[VideoId, float], str],
        call: DescribeCall | DetectCall | ReadCall,
        times_s: Sequence[float],
    ) -> list[Frame]:
        """The frames of some moments in full size. They are decoded again where an earlier run stored no pictures."""
        try:
            return [Frame(time_s, decoded(self.media.get(key(call.video, time_s)))) for time_s in times_s]
        except NotFound:
            return list(self.frames.at(Path(call.path), times_s, max_side=self.settings.text_side, track=call.track))

    def caption(self, call: CaptionCall, beat: Beat) -> list[Caption]:
        """One caption for each piece, as many at once as the captioner likes."""
        batched = cast("BatchCaptioner", self.captioner) if hasattr(self.captioner, "caption_all") else None
        at_once = batched.at_once if batched else 1
        written: list[Caption] = []
        for first in range(0, len(call.pieces), at_once):
            beat(first / len(call.pieces))
            tasks = []
            for span, keys, features in call.pieces[first : first + at_once]:
                frames = tuple(Frame(key.pts_s, decoded(self.media.get(key.thumbnail))) for key in keys)
                tasks.append(CaptionTask(span, frames, features))
            if batched:
                written += batched.caption_all(tasks)
            else:
                written += [self.captioner.caption(task.frames, task.features, task.span) for task in tasks]
        return written


def spread(times_s: Sequence[float], count: int) -> list[float]:
    """At most `count` of the times, evenly spread over them."""
    if len(times_s) <= count:
        return list(times_s)
    return [times_s[int((at + 0.5) * len(times_s) / count)] for at in range(count)]


def longest_standing(times_s: Sequence[float], some_s: Sequence[float], span: TimeSpan, budget: int) -> list[float]:
    """At most `budget` of the times `some_s`: spread over the span, and of neighbours those that stand longest.

    `times_s` are all moments at which the picture changed, which shows how long each frame stayed.
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
