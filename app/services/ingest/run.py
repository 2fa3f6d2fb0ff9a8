"""One ingest of one video: its parts, its options, and the bookkeeping that makes stages resumable.

A stage is a function that is given a `Stage`. It stores its work in small units under a version
key; units that an earlier run stored are found in `Stage.done`, and a finished stage is not run
again until its version changes.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.core.errors import Cancelled, NotFound
from app.core.events import Listener, StageFinished, StageProgress, StageStarted, Warned
from app.core.ports import (
    AudioSource,
    Captioner,
    Chat,
    Diarizer,
    FaceFinder,
    FrameEmbedder,
    FrameSelector,
    MediaProbe,
    MediaStore,
    ObjectDetector,
    Retriever,
    Runtime,
    ShotDetector,
    SoundTagger,
    StageStore,
    SubtitleSource,
    TextEmbedder,
    TextReader,
    Transcriber,
)
from app.core.requests import DETECTED
from app.core.settings import Ingest
from app.core.types import SegmentKind, Video
from app.db.entities import SqlEntities
from app.db.library import SqlLibrary
from app.db.tracks import SqlTracks
from app.services.speakers import SpeakerService

PROGRESS_EVERY_S = 0.25


@dataclass(frozen=True)
class IngestParts:
    """The engines that reading a video needs."""

    probe: MediaProbe
    audio: AudioSource
    transcriber: Transcriber
    frame_embedder: FrameEmbedder
    text_embedder: TextEmbedder
    selector: FrameSelector
    text_reader: TextReader
    captioner: Captioner
    language_model: Chat | None
    retriever: Retriever
    library: SqlLibrary
    stages: StageStore
    media: MediaStore
    runtime: Runtime
    """Where the chunks of the video are read."""
    release: Callable[[], None]
    """Frees the models that hear and read, before the one that writes is loaded."""
    diarizer: Diarizer | None = None
    sound_tagger: SoundTagger | None = None
    speakers: SpeakerService | None = None
    shot_detector: ShotDetector | None = None
    face_finder: FaceFinder | None = None
    detector: ObjectDetector | None = None
    tracks: SqlTracks | None = None
    """Stores the things of a video."""
    people: SpeakerService | None = None
    """Stores the faces of a video."""
    subtitles: SubtitleSource | None = None
    """Reads the subtitles that files carry."""
    entities: SqlEntities | None = None
    """Stores the names of a video; None if they are not wanted."""


@dataclass(frozen=True)
class Options:
    """The user's choices for this video; stored, so that ingesting it again changes nothing."""

    language: str | None = None
    """ISO 639-1, several with commas between them, or `DETECTED`, which takes back what was given before."""
    subtitles: str | None = None
    """The text of a subtitle file to use instead of listening."""
    subtitles_name: str = ""
    translate: bool = False
    """Whether what is said is written in English."""
    speakers: bool | None = None
    """Whether to identify speakers; None leaves it to the settings."""
    video_track: int | None = None
    """The picture stream to read, counted from 0; None takes the best one."""
    audio_track: int | None = None
    """The sound track to transcribe, counted from 0; None takes the first that can be heard."""
    subtitle_track: int | None = None
    """The place of the subtitle track that is read instead of listening, among those of the file."""
    terms: str = ""
    """Names that are spoken, with commas between them."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that may be spoken; empty where they are detected."""
        return () if self.language in (None, DETECTED) else tuple((self.language or "").split(","))

    @property
    def spoken(self) -> str | None:
        """The language, where exactly one is given."""
        return self.languages[0] if len(self.languages) == 1 else None


@dataclass
class Run:
    """One reading of one video."""

    parts: IngestParts
    settings: Ingest
    video: Video
    path: Path
    options: Options
    report: Listener
    cancelled: Callable[[], bool]
    versions: dict[str, str] = field(default_factory=dict)
    worked: bool = False
    """Whether any stage had to be run."""
    resumed: bool = False
    """Whether some of the work was stored by an earlier run."""
    only_stored: bool = False
    """Whether a stage that is not stored raises NotFound instead of being run."""
    _stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Ends what other threads do for this run at their next unit."""
        self._stopped.set()

    def stage(self, name: str, version: str, work: Callable[[Stage], bytes]) -> bytes:
        """The stage's result: from the store when the same work was finished before, else by doing it."""
        self.versions[name] = version
        stored = self.parts.stages.finished(self.video.id, name, version)
        if stored is not None:
            self.report(StageFinished(name, 0.0, reused=True))
            self.resumed = True
            return stored
        if self.only_stored:
            raise NotFound(f"The stage {name} of this video is not stored.")
        self.worked = True
        stage = Stage(self, name, version)
        payload = work(stage)
        if stage.postponed:
            # What builds on this has to be done again once the rest is there.
            self.versions[name] = f"{version}/{hashlib.sha256(payload).hexdigest()[:12]}"
        else:
            self.parts.stages.finish(self.video.id, name, version, payload)
        self.report(StageFinished(name, time.monotonic() - stage.started, stage.detail))
        return payload

    def version_after(self, *stages: str, own: str) -> str:
        """A version key that changes whenever one of the stages before does."""
        text = "|".join([own, *(self.versions.get(name, "") for name in stages)])
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def versions_of_models(self) -> dict[SegmentKind, str]:
        """The model behind each kind of segment."""
        parts = self.parts
        heard = self.options.subtitles_name or parts.transcriber.model
        return {
            SegmentKind.SPEECH: heard,
            SegmentKind.SCREEN_TEXT: parts.text_reader.model,
            SegmentKind.CAPTION: parts.captioner.model,
            SegmentKind.EVENT: parts.captioner.model,
            SegmentKind.VISUAL: parts.frame_embedder.model,
        }

    def check(self) -> None:
        """Raises Cancelled when the person asked to stop."""
        if self._stopped.is_set() or self.cancelled():
            raise Cancelled("Reading the video was cancelled.", "Ingest it again to go on where it stopped.")


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a stage that is done and stored at once: a call of a `ChunkReader`."""

    key: str
    size: float
    """In the unit of the stage's total."""
    call: Any


def unit_key(time_s: float) -> str:
    """The key under which a stage stores its result for a moment, or for a span that begins then."""
    return f"{time_s:.3f}"


class Stage:
    """The progress of one stage. Safe to use from several threads."""

    def __init__(self, run: Run, name: str, version: str) -> None:
        self.started = time.monotonic()
        self.detail = ""
        self.postponed = False
        self._run = run
        self._name = name
        self._version = version
        self._lock = threading.Lock()
        self._total = 0.0
        self._first = 0.0
        self._reached = 0.0
        self._unit = ""
        self._reported_at = 0.0
        self.done: dict[str, bytes] = run.parts.stages.units(run.video.id, name, version)
        """Units that are stored, by key."""
        run.resumed = run.resumed or bool(self.done)

    def begin(self, total: float, unit: str, done: float = 0.0) -> None:
        """Announces the size of the work; unit "s" means seconds of video."""
        self._total, self._unit, self._first, self._reached = total, unit, done, done
        self._run.report(StageStarted(self._name, total, unit, done))

    def stored(self, units: Sequence[Unit]) -> float:
        """How much of these units an earlier run stored, in the unit of the stage's total."""
        return sum(unit.size for unit in units if unit.key in self.done)

    def save(self, key: str, payload: bytes) -> None:
        """Stores one unit; from then on a killed run does not lose it."""
        self._run.parts.stages.save_unit(self._run.video.id, self._name, self._version, key, payload)
        self.done[key] = payload

    def skip(self, key: str, size: float, payload: bytes) -> None:
        """Stores a unit that needs no work, unless it is stored."""
        if key not in self.done:
            self.save(key, payload)
            self._reached += size
            self.progress(self._reached)

    def put_off(self, reason: str) -> None:
        """Leaves the stage unfinished for a reason that may pass: the next reading does what is missing.

        A unit says so: what another version of the stage has finished is replaced in the library and no longer counts.
        """
        self.save("put off", reason.encode())
        self.postponed = True
        self._run.report(Warned(f"{reason} Ingest the video again when that is solved."))

    def work_off(
        self,
        method: str,
        units: Sequence[Unit],
        pack: Callable[[Any], bytes | None],
        hear: Callable[[Unit, Any], None] = lambda unit, result: None,  # noqa: ARG005
    ) -> None:
        """Has the units that are not stored yet done by the runtime, in any order; each is stored when it is done.

        `hear` is called with each result as it comes, and stores it itself if `pack` returns None. Raises Cancelled.
        """
        left = [unit for unit in units if unit.key not in self.done]
        under_way: dict[int, float] = {}

        def beat(number: int, share: float) -> None:
            under_way[number] = share * left[number].size
            self.progress(self._reached + sum(under_way.values()))

        with closing(self._run.parts.runtime.map(method, (unit.call for unit in left), beat=beat)) as results:
            for number, result in results:
                packed = pack(result)
                if packed is not None:
                    self.save(left[number].key, packed)
                hear(left[number], result)
                self._reached += left[number].size
                under_way.pop(number, None)
                self.progress(self._reached + sum(under_way.values()))

    def progress(self, done: float) -> None:
        """Reports how far the work is, a few times a second at most. Raises Cancelled."""
        self._run.check()
        now = time.monotonic()
        with self._lock:
            if now - self._reported_at < PROGRESS_EVERY_S and done < self._total:
                return
            self._reported_at = now
        rate = (done - self._first) / max(now - self.started, 1e-6)
        speed = rate if self._unit == "s" and rate > 0 else None
        left = (self._total - done) / rate if rate > 0 else None
        self._run.report(StageProgress(self._name, done, self._total, self._unit, speed, left))
