"""The borders between the application and its engines: small Protocols, each a contract.

Every port has one suite in `tests/contract` that runs over all implementations and the fake.
Rules that hold for all of them: times are seconds on the video's clock (see `app.core.types`);
order in is order out; nothing is loaded before the first call; foreign errors come out as the
tree of `app.core.errors`; `model` names what answers, with its version, and changes whenever
results would.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from app.core.types import (
    AudioMap,
    Caption,
    Chapter,
    Completion,
    Detection,
    Diarization,
    Evidence,
    Frame,
    FrameFeatures,
    MediaInfo,
    Message,
    Segment,
    SegmentKind,
    TextLine,
    TimeSpan,
    Transcript,
    Utterance,
    Video,
    VideoId,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class MediaProbe(Protocol):
    """Looks at a file before any work is done on it."""

    def probe(self, path: Path) -> MediaInfo:
        """Container, streams, true duration. Raises BadInput with a clear reason for what cannot be read."""
        ...


@runtime_checkable
class FrameSource(Protocol):
    """Decodes pictures. Holds no more than a few frames at a time, whatever the length of the file."""

    def sample(self, path: Path, *, span: TimeSpan, every_s: float, max_side: int) -> Iterator[Frame]:
        """For each tick span.start + k * every_s inside [start, end) the frame shown at that moment, in time order.

        A frame comes once even if it is shown over several ticks. `max_side` is in pixels; 0 keeps the size.
        A damaged tail ends the stream early without an error.
        """
        ...

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int) -> Iterator[Frame]:
        """The frame shown at each time, one for each, in the order given; times past the end give the last frame."""
        ...


@runtime_checkable
class AudioSource(Protocol):
    """Decodes sound: mono, 16,000 samples a second, float32, -1 to 1."""

    def survey(self, path: Path, *, chunk_s: float) -> AudioMap:
        """Reads the chosen track once, keeping only its loudness, and cuts it in quiet places about `chunk_s` apart."""
        ...

    def samples(self, path: Path, span: TimeSpan) -> NDArray[np.float32]:
        """The sound of a span, shape (round(duration * 16000),), filled with silence where the track has none."""
        ...


@runtime_checkable
class Transcriber(Protocol):
    """Speech to text."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def transcribe(self, samples: NDArray[np.float32], *, language: str | None, translate: bool = False) -> Transcript:
        """Sentences with word times, on the clock of `samples` (16 kHz mono). Silence and music give no sentence.

        `language` is what is spoken, detected when None, and is also what the transcript names; with `translate` the
        sentences are English.
        """
        ...


@runtime_checkable
class Diarizer(Protocol):
    """Tells voices apart."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def diarize(self, samples: NDArray[np.float32]) -> Diarization:
        """Who speaks when, on the clock of `samples` (16 kHz mono). Silence gives no turn.

        Where several speak at once, the turn is that of one of them.
        """
        ...


@runtime_checkable
class FrameEmbedder(Protocol):
    """Turns pictures into vectors, and words into vectors that find them."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:
        """One result a frame, in order."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """A unit vector, shape (q,), to compare with `FrameFeatures.concept` by dot product."""
        ...


@runtime_checkable
class TextEmbedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (n, d), each row of length one; (0, d) for no texts."""
        ...


@runtime_checkable
class FrameSelector(Protocol):
    """Chooses the frames that stand for many."""

    @property
    def name(self) -> str:
        """The method's name in settings."""
        ...

    def select(self, candidates: Sequence[FrameFeatures], budget: int) -> list[int]:
        """At most `budget` indices, ascending, without repeats; blank frames only if there is nothing else."""
        ...


FrameFetch = Callable[[Sequence[float]], Iterable[Frame]]
"""The frame shown at each time of one video, in the order given: `FrameSource.at` with its file and size bound."""


@runtime_checkable
class QueryFrameSelector(Protocol):
    """Chooses the frames of one video that bear on a question."""

    @property
    def name(self) -> str:
        """The method's name in settings."""
        ...

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """At most `budget` indices, ascending, without repeats; blank frames only if there is nothing else.

        `candidates` are in time order. At least one comes back unless there are none or the budget is 0; the same
        question gives the same choice. `fetch` is asked only by methods that judge pictures rather than vectors.
        """
        ...


@runtime_checkable
class TextReader(Protocol):
    """Reads text in pictures."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def may_hold_text(self, frame: Frame) -> bool:
        """A glance that costs a small part of `read`: False is reliable, True is worth a `read`."""
        ...

    def read(self, frame: Frame) -> list[TextLine]:
        """Lines from top to bottom; an empty list when there is no text."""
        ...


@runtime_checkable
class ObjectDetector(Protocol):
    """Finds things in pictures that are named in words."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def detect(self, frames: Sequence[Frame], names: Sequence[str], *, least: float) -> list[list[Detection]]:
        """For each frame what is seen of the named things with a confidence of at least `least`, surest first."""
        ...


@runtime_checkable
class ShotDetector(Protocol):
    """Tells where one shot of a camera ends and the next begins."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def cuts(self, frames: Iterable[Frame]) -> Iterator[float]:
        """The time of the first frame of each shot but the first, ascending, seconds.

        `frames` are all frames in time order, of any size; no more than a few hundred are held at a time.
        """
        ...


@runtime_checkable
class Captioner(Protocol):
    """Says in a sentence what frames show."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def caption(self, frames: Sequence[Frame], features: Sequence[FrameFeatures], span: TimeSpan) -> Caption:
        """One caption for the span that the frames come from; an empty text when nothing can be said."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class CaptionTask:
    """One piece to caption, as `Captioner.caption` takes it."""

    span: TimeSpan
    frames: tuple[Frame, ...]
    features: tuple[FrameFeatures, ...] = ()


@runtime_checkable
class BatchCaptioner(Captioner, Protocol):
    """A captioner that is quicker with several pieces at once: a GPU writes eight captions in the time of one."""

    @property
    def at_once(self) -> int:
        """How many pieces it captions together; giving it more only delays the news of what is done."""
        ...

    def caption_all(self, tasks: Sequence[CaptionTask]) -> list[Caption]:
        """For each piece what `caption` would give, in order."""
        ...


@runtime_checkable
class VisionLanguageModel(Protocol):
    """Answers a question about pictures."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def look(self, frames: Sequence[Frame], question: str) -> Completion:
        """What the frames show that bears on the question; the model is told each frame's time."""
        ...


@runtime_checkable
class LanguageModel(Protocol):
    """Writes text."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Completion:
        """Greedy completion. With a JSON schema the text is JSON that fits it (it may still be cut by max_tokens).

        `stop` is asked before the work and often while it goes on; once it says True, Cancelled is raised soon.
        """
        ...


@runtime_checkable
class SegmentIndex(Protocol):
    """Finds segments by meaning. Collections are told apart by `space`: "text" or "picture"."""

    def add(self, space: str, segments: Sequence[Segment], vectors: NDArray[np.float32]) -> None:
        """Adds or replaces segments with their unit vectors, shape (n, d)."""
        ...

    def search(
        self,
        space: str,
        vector: NDArray[np.float32],
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[tuple[Segment, float]]:
        """The nearest segments with their cosine, best first. Empty filters mean no limit; `window` means overlap."""
        ...

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Forgets the segments of a video, all or those of some kinds; no error when there are none."""
        ...


@runtime_checkable
class LexicalIndex(Protocol):
    """Finds segments by their words."""

    def add(self, segments: Sequence[Segment]) -> None:
        """Adds or replaces segments."""
        ...

    def search(
        self,
        text: str,
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[tuple[Segment, float]]:
        """Segments that share words with `text`, by BM25, best first. Any text is safe: it is never query syntax."""
        ...

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Forgets the segments of a video, all or those of some kinds; no error when there are none."""
        ...


@runtime_checkable
class Retriever(Protocol):
    """Searches every index at once and fuses what they find."""

    def search(
        self,
        text: str,
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[Evidence]:
        """Best first, with ids E1, E2, ...; `window` keeps segments that overlap it."""
        ...

    def add(self, segments: Sequence[Segment]) -> None:
        """Indexes texts in the dense and the lexical index."""
        ...

    def add_pictures(self, segments: Sequence[Segment], concepts: NDArray[np.float32]) -> None:
        """Indexes key frames by their concept vectors, shape (n, q)."""
        ...

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Forgets a video, or what is of some kinds in it."""
        ...


@runtime_checkable
class VideoLibrary(Protocol):
    """What is known of the videos that were read; the agent's memory and the pages' source."""

    def videos(self) -> list[Video]:
        """All, newest first."""
        ...

    def video(self, id: VideoId) -> Video:
        """One. Raises NotFound."""
        ...

    def utterances(self, id: VideoId, window: TimeSpan | None = None) -> list[Utterance]:
        """What was said, in time order; `window` keeps sentences that overlap it."""
        ...

    def segments(
        self, id: VideoId, *, kinds: Sequence[SegmentKind] = (), window: TimeSpan | None = None
    ) -> list[Segment]:
        """Segments in time order; empty `kinds` means all."""
        ...

    def chapters(self, id: VideoId) -> list[Chapter]:
        """Chapters in time order."""
        ...

    def add_segments(self, segments: Sequence[Segment]) -> None:
        """Stores segments that an agent's look made; the same id replaces."""
        ...


@runtime_checkable
class MediaStore(Protocol):
    """Keeps files by key: thumbnails, uploads. A key is a relative path with forward slashes."""

    def put(self, key: str, data: bytes | Path) -> None:
        """Stores bytes or a copy of a file; the whole or nothing. Raises StorageFull."""
        ...

    def get(self, key: str) -> bytes:
        """Raises NotFound."""
        ...

    def local_path(self, key: str) -> Path:
        """A file on this machine with the content. Raises NotFound."""
        ...

    def remove(self, prefix: str) -> None:
        """Deletes all keys below a prefix; no error when there are none."""
        ...


@runtime_checkable
class StageStore(Protocol):
    """Keeps what the stages of ingest made, in small units, so that a killed ingest loses at most one unit.

    Everything is durable before a call returns. A stage has rows of one version only: saving with
    another version drops what the older one left. Raises StorageFull when the disk is full.
    """

    def units(self, video_id: VideoId, stage: str, version: str) -> dict[str, bytes]:
        """The saved units of this version by name, in the order in which they were first saved."""
        ...

    def save_unit(self, video_id: VideoId, stage: str, version: str, unit: str, payload: bytes) -> None:
        """Saves or replaces one unit."""
        ...

    def finish(self, video_id: VideoId, stage: str, version: str, payload: bytes) -> None:
        """Marks the stage as complete, with its result. Its units stay; `clear` drops them."""
        ...

    def finished(self, video_id: VideoId, stage: str, version: str) -> bytes | None:
        """The result of a complete stage; None when it is not complete in this version."""
        ...

    def clear(self, video_id: VideoId, stage: str) -> None:
        """Forgets units and result of a stage, of every version; no error when there are none."""
        ...


CallBeat = Callable[[int, float], None]
"""Told often, in the caller's thread, which share (0 to 1) of which call is done; what it raises ends the work."""


@runtime_checkable
class Runtime(Protocol):
    """Calls a method of one object many times: in this process, or of its copies on many machines.

    The method is called as `method(call, beat)`, where `beat` takes the share of the call that is done. A
    call is small plain data that can be sent, and so is a result. What a call raises of ours, or an OSError,
    comes out unchanged and ends the rest.
    """

    def map(self, method: str, calls: Iterable[Any], *, beat: CallBeat) -> Generator[tuple[int, Any], None, None]:
        """The number of each call from 0 with its result, as they finish, in any order.

        Calls are taken from `calls` only a few ahead of what has finished, so that memory stays flat. `beat` is
        told of every call before its result comes, and a few times a second while one waits. A worker that dies
        costs a bounded number of other tries; then WorkerFailed. Closing the generator ends the rest.
        """
        ...
