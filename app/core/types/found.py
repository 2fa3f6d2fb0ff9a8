"""The contents of a video: sentences, texts on the screen, captions, and the segments made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.core.types.media import VideoId
from app.core.types.scenes import SceneEvent, Subject
from app.core.types.span import TimeSpan


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word with its times."""

    text: str
    span: TimeSpan
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Utterance:
    """One spoken sentence. Its span runs from its first word to its last."""

    span: TimeSpan
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    confidence: float = 1.0
    language: str | None = None
    """ISO 639-1; None if it is unknown."""

    def moved(self, seconds: float) -> Utterance:
        """The same sentence `seconds` later: converts from a chunk's clock to the video's."""
        words = tuple(
            Word(w.text, TimeSpan(w.span.start_s + seconds, w.span.end_s + seconds), w.probability) for w in self.words
        )
        span = TimeSpan(self.span.start_s + seconds, self.span.end_s + seconds)
        return replace(self, span=span, words=words)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in one chunk of audio, in time order. `language` is the one that is spoken longest, ISO 639-1."""

    utterances: tuple[Utterance, ...]
    language: str | None
    notes: tuple[str, ...] = ()
    """Messages for the user, such as that an alignment model is missing."""
    missed: tuple[TimeSpan, ...] = ()
    """Where somebody speaks or sings, but no words were recognised."""


def main_language(utterances: Sequence[Utterance]) -> str | None:
    """The language that is spoken longest; None if none is known."""
    lengths: dict[str, float] = {}
    for utterance in utterances:
        if utterance.language:
            lengths[utterance.language] = lengths.get(utterance.language, 0.0) + utterance.span.duration_s
    return max(lengths, key=lambda language: lengths[language], default=None)


@dataclass(frozen=True, slots=True)
class SoundSpan:
    """A kind of sound, such as speech, singing, music or silence, and when it is heard. Kinds may overlap."""

    span: TimeSpan
    name: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text read in one picture. `box`: left, top, right, bottom as shares of the picture, 0 to 1."""

    text: str
    confidence: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing found in a picture. `box` is that of `TextLine`."""

    name: str
    """The name it was searched by."""
    confidence: float
    box: tuple[float, float, float, float]
    votes: tuple[tuple[str, float], ...] = ()
    """Its possible classes with weights, likeliest first; empty if the detector gives no weights."""


@dataclass(frozen=True, slots=True)
class IndexComparison:
    """What one index holds of a video, compared with the library."""

    index: str
    """The name of the index, and the model whose vectors it holds, if any."""
    expected: int
    """Segments of the library that belong into it."""
    missing: tuple[str, ...] = ()
    """Ids of segments that it lacks."""
    extra: tuple[str, ...] = ()
    """Ids that the library does not know."""
    changed: tuple[str, ...] = ()
    """Ids with another text."""
    of_pictures: bool = False
    """Whether it holds vectors of pictures: they are built again from what reading the video stored, not from texts."""

    @property
    def matches(self) -> bool:
        """Whether the index holds what it should."""
        return not (self.missing or self.extra or self.changed)


@dataclass(frozen=True, slots=True)
class ScreenText:
    """Text on the screen, and when it was there."""

    span: TimeSpan
    text: str
    """Lines from top to bottom, joined by newlines."""
    frame_s: float
    """The frame in which it was read best."""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence about what a span shows, and the model that wrote it."""

    span: TimeSpan
    text: str
    model: str
    tags: tuple[str, ...] = ()
    subjects: tuple[Subject, ...] = ()
    events: tuple[SceneEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A frame chosen to represent a segment of the video. `thumbnail` is its key in the media store."""

    pts_s: float
    piece: int
    """The number of its segment."""
    thumbnail: str = ""


class SegmentKind(StrEnum):
    """What a segment was made from."""

    SPEECH = "speech"
    SCREEN_TEXT = "screen_text"
    VISUAL = "visual"
    CAPTION = "caption"
    EVENT = "event"
    """Something that happens in the pictures, as described by a model that saw the segment's frames. Its span runs
    from the first of these frames that shows it to the last."""
    OBJECT = "object"
    """How many things of a kind are seen, and where."""
    SOUND = "sound"
    """When music, singing, speech or silence is heard."""
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Segment:
    """What one span of a video says, shows or writes: the unit that is indexed and searched."""

    id: str
    """Unique in the library, and the same whenever the same work is repeated."""
    video_id: VideoId
    kind: SegmentKind
    span: TimeSpan
    text: str
    model: str
    """Name and version of the model or program that made it."""
    frame_s: float | None = None
    """The frame that shows it best, if it has one."""
    question: str | None = None
    """What an answer was looking or listening for; None for segments from ingest."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A segment found by a search."""

    id: str
    """Its rank in the search: E1, E2, ... Only valid within one search."""
    segment: Segment
    score: float
    found_by: tuple[str, ...] = ()
    """The searches that found it: dense, lexical, picture."""
