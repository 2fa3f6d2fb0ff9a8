"""The nouns of Longreel: times, videos, what was found in them, and answers.

Every type is a frozen dataclass. Times are seconds on the video's own clock, which starts at
zero with the first presented frame or sample: a stream's start offset is subtracted once, by the
media reader, and nowhere else. `to_json` and `from_json` turn any of these types into plain data
and back.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType, TypeVar, cast

from pydantic import TypeAdapter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

VideoId = NewType("VideoId", str)
"""The SHA-256 of the file's bytes, 64 lower-case hexadecimal digits."""


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    """A closed interval of a video, in seconds. Raises ValueError unless 0 <= start <= end < inf."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.end_s)):
            raise ValueError(f"a time span needs finite times, got {self.start_s} to {self.end_s}")
        if not 0 <= self.start_s <= self.end_s:
            raise ValueError(f"a time span needs 0 <= start <= end, got {self.start_s} to {self.end_s}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    @property
    def middle_s(self) -> float:
        """The time half way between start and end."""
        return (self.start_s + self.end_s) / 2

    def contains(self, time_s: float) -> bool:
        """Whether a time lies inside, borders included."""
        return self.start_s <= time_s <= self.end_s

    def overlaps(self, other: TimeSpan) -> bool:
        """Whether the two spans share at least one moment, borders included."""
        return self.start_s <= other.end_s and other.start_s <= self.end_s

    def intersection_s(self, other: TimeSpan) -> float:
        """Seconds that both spans cover."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))

    def iou(self, other: TimeSpan) -> float:
        """Temporal intersection over union, 0 to 1; 0 when both spans are instants."""
        union = self.duration_s + other.duration_s - self.intersection_s(other)
        return self.intersection_s(other) / union if union > 0 else 0.0

    def hull(self, other: TimeSpan) -> TimeSpan:
        """The shortest span that covers both."""
        return TimeSpan(min(self.start_s, other.start_s), max(self.end_s, other.end_s))

    def padded(self, seconds: float, limit_s: float = math.inf) -> TimeSpan:
        """The span widened on both sides, kept between 0 and `limit_s`."""
        end = min(self.end_s + seconds, limit_s) if math.isfinite(limit_s) else self.end_s + seconds
        start = min(max(0.0, self.start_s - seconds), end)
        return TimeSpan(start, end)

    def clipped(self, bounds: TimeSpan) -> TimeSpan | None:
        """The part inside `bounds`, or None when there is none."""
        if not self.overlaps(bounds):
            return None
        return TimeSpan(max(self.start_s, bounds.start_s), min(self.end_s, bounds.end_s))


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The picture stream that is read: the first that is not a cover picture."""

    codec: str
    width: int
    """Pixels as shown, after rotation."""
    height: int
    rotation: int
    """Clockwise degrees that were applied to show the picture upright: 0, 90, 180 or 270."""
    average_fps: float | None
    """None when the container does not tell; never used to compute a time."""


@dataclass(frozen=True, slots=True)
class AudioStream:
    """One sound track. `index` is its place among the sound tracks of the file."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    language: str | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What probing a file found out. `duration_s` was read from the data, not only the header."""

    container: str
    duration_s: float
    start_offset_s: float
    """The file's first timestamp; already subtracted from every time that leaves the reader."""
    size_bytes: int
    video: VideoStream | None
    audio: tuple[AudioStream, ...] = ()
    warnings: tuple[str, ...] = ()
    """Sentences for the user, such as a tail that is missing."""

    @property
    def whole(self) -> TimeSpan:
        """From zero to the end."""
        return TimeSpan(0.0, self.duration_s)


@dataclass(frozen=True, slots=True)
class Video:
    """A video of the library. Its id is its content; the title need not be unique."""

    id: VideoId
    title: str
    path: str
    media: MediaInfo
    language: str | None = None
    added_at: str = ""
    """UTC, ISO 8601."""
    ready: bool = False
    """Whether ingest has finished, so that questions can be asked."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.media.duration_s


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture and when it is shown. `image`: uint8, height x width x 3, RGB, upright."""

    pts_s: float
    image: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word with its times."""

    text: str
    span: TimeSpan
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Utterance:
    """One sentence that was said. Its span runs from its first word to its last."""

    span: TimeSpan
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    confidence: float = 1.0

    def moved(self, seconds: float) -> Utterance:
        """The same sentence `seconds` later: from a chunk's clock to the video's."""
        words = tuple(
            Word(w.text, TimeSpan(w.span.start_s + seconds, w.span.end_s + seconds), w.probability) for w in self.words
        )
        span = TimeSpan(self.span.start_s + seconds, self.span.end_s + seconds)
        return Utterance(span, self.text, words, self.speaker, self.confidence)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in one piece of audio, in time order. `language` is an ISO 639-1 code."""

    utterances: tuple[Utterance, ...]
    language: str | None


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text read in one picture. `box`: left, top, right, bottom as shares of the picture, 0 to 1."""

    text: str
    confidence: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class ScreenText:
    """Text that stood on the screen, and while which time it did."""

    span: TimeSpan
    text: str
    """Lines from top to bottom, joined by newlines."""
    frame_s: float
    """The frame in which it was read best."""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence about what a span shows, and which model wrote it."""

    span: TimeSpan
    text: str
    model: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A frame chosen to stand for its piece of the video. `thumbnail` is its key in the media store."""

    pts_s: float
    piece: int
    """Which of the video's pieces it belongs to."""
    thumbnail: str = ""


class SegmentKind(StrEnum):
    """What a segment was made from."""

    SPEECH = "speech"
    SCREEN_TEXT = "screen_text"
    VISUAL = "visual"
    CAPTION = "caption"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Segment:
    """What one span of a video says, shows or writes: the unit that is indexed and searched."""

    id: str
    """Unique in the library and the same whenever the same work is done again."""
    video_id: VideoId
    kind: SegmentKind
    span: TimeSpan
    text: str
    model: str
    """Name and version of what made it."""
    frame_s: float | None = None
    """The frame that shows it best, if it has one."""
    question: str | None = None
    """The question that made an agent look, for segments that were not made by ingest."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A segment that a search or a look found, under the short name that a prompt uses."""

    id: str
    """Short and only good within one answer: E1, E2, ..."""
    segment: Segment
    score: float
    found_by: tuple[str, ...] = ()
    """The searches that found it: dense, lexical, picture, neighbour, inspect."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where in a video an answer comes from. Times are copied from the store, never from a model."""

    video_id: VideoId
    span: TimeSpan
    kind: SegmentKind
    quote: str
    frame_s: float | None = None
    verified: bool = False


class AnswerStatus(StrEnum):
    """Whether a question was answered."""

    ANSWERED = "answered"
    NOT_IN_VIDEO = "not_in_video"
    INSUFFICIENT = "insufficient"
    """Stopped by the budget or a missing part before it could be decided."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost."""

    seconds: float = 0.0
    steps: int = 0
    frames: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its proof. An answer without citations is never `answered`."""

    status: AnswerStatus
    text: str
    confidence: float
    citations: tuple[Citation, ...] = ()
    option_index: int | None = None
    """For multiple choice: which option, from 0; None when none is supported."""
    usage: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        if self.status is AnswerStatus.ANSWERED and not self.citations:
            raise ValueError("an answer needs at least one citation; without one its status is not_in_video")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of a video about one thing."""

    span: TimeSpan
    title: str
    summary: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """A video in short: its summary and its chapters, each with the moments they come from."""

    summary: str
    chapters: tuple[Chapter, ...]
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt. `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What a language model wrote, and its size in tokens."""

    text: str
    prompt_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class FrameFeatures:
    """What a frame embedder saw in one frame."""

    pts_s: float
    vector: NDArray[np.float32]
    """For likeness between frames: shape (d,)."""
    concept: NDArray[np.float32]
    """In the space of the embedder's text queries, L2-normalised: shape (q,)."""
    tags: tuple[tuple[str, float], ...] = ()
    """Recognised classes with probabilities, most probable first."""
    brightness: float = 0.5
    """Mean luminance, 0 to 1."""
    contrast: float = 0.5
    """Standard deviation of the luminance, 0 to 1: near 0 for a blank frame."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioMap:
    """A sound track at a glance: loudness over time, and where to cut it for transcription."""

    loudness: NDArray[np.float32]
    """Root mean square of each `step_s`, full scale 1.0."""
    step_s: float
    chunks: tuple[TimeSpan, ...]
    """Consecutive pieces that cover the track, cut in quiet places."""


@functools.cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, kind))


def to_json(value: Any) -> Any:
    """Plain data (dicts, lists, numbers, strings) for a value of this module's types."""
    return _adapter(cast(Hashable, type(value))).dump_python(value, mode="json")


def from_json(kind: type[T], data: Mapping[str, Any] | Sequence[Any]) -> T:
    """The value of type `kind` that `to_json` gave. Raises pydantic.ValidationError on other data."""
    result: T = _adapter(cast(Hashable, kind)).validate_python(data)
    return result
