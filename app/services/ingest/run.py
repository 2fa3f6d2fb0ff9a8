"""One ingest of one video: its parts, its options, and what its stages have found so far."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from app.core.errors import Cancelled
from app.core.events import Listener, Warned
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
from app.core.types import MediaInfo, TimeSpan, Video
from app.db.entities import SqlEntities
from app.db.library import SqlLibrary
from app.db.tracks import SqlTracks
from app.services.speakers import SpeakerService

T = TypeVar("T")


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


def present(part: T | None) -> T:
    """A part that a stage can rely on, since it is wanted only if the part is there."""
    assert part is not None
    return part


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
    """The keys of the stages that are done, by name."""
    results: dict[str, Any] = field(default_factory=dict)
    """What they found: `Stage.of` gives it its type."""
    worked: bool = False
    """Whether any stage had to be run."""
    resumed: bool = False
    """Whether some of the work was stored by an earlier run."""
    only_stored: bool = False
    """Whether a stage that is not stored raises NotFound instead of being run."""
    stored: Callable[[], None] = lambda: None
    """Called when a result is stored that no later run has to compute again."""
    _stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def chunks(self) -> list[TimeSpan]:
        """The parts in which the pictures are read: of equal length, but for the last; at least one."""
        length_s, end_s = self.settings.sample_chunk_s, self.video.duration_s
        starts_s = [number * length_s for number in range(max(1, math.ceil(end_s / length_s)))]
        return [TimeSpan(start_s, max(start_s, min(start_s + length_s, end_s))) for start_s in starts_s]

    def note(self, media: MediaInfo, notes: Sequence[str]) -> None:
        """Stores what became known of the file with the video, and reports the notes."""
        new = [note for note in notes if note not in media.warnings]
        media = replace(media, warnings=(*media.warnings, *new))
        if media != self.video.media:
            self.parts.library.set_media(self.video.id, media)
            self.video = replace(self.video, media=media)
        for note in notes:
            self.report(Warned(note))

    def stop(self) -> None:
        """Ends what other threads do for this run at their next unit."""
        self._stopped.set()

    def check(self) -> None:
        """Raises Cancelled when the person asked to stop."""
        if self._stopped.is_set() or self.cancelled():
            raise Cancelled("Reading the video was cancelled.", "Ingest it again to go on where it stopped.")
