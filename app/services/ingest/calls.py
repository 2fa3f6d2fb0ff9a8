"""What is asked for one chunk of a video: small plain data that travels well, and the keys of pictures that wait."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.types import DEFAULT_SOUND, FrameFeatures, KeyFrame, SoundChoice, TimeSpan, VideoId


def thumbnail_key(video: VideoId, pts_s: float) -> str:
    """The media store's key of the thumbnail of a moment."""
    return f"{video}/frames/{round(pts_s * 1000):010d}.webp"


def full_pictures(video: VideoId) -> str:
    """Where full-size pictures wait for those that read and describe them, so that each is decoded once."""
    return f"{video}/full"


def full_picture_key(video: VideoId, pts_s: float) -> str:
    """Where the full-size picture of a moment waits."""
    return f"{full_pictures(video)}/{round(pts_s * 1000):010d}.jpg"


def object_pictures(video: VideoId) -> str:
    """Where pictures wait in which things are looked for."""
    return f"{video}/objects"


def object_picture_key(video: VideoId, pts_s: float) -> str:
    """Where the picture of a moment waits."""
    return f"{object_pictures(video)}/{round(pts_s * 1000):010d}.jpg"


@dataclass(frozen=True, slots=True)
class ListenCall:
    """A chunk of sound, and what is known of the speech in it: see `Transcriber`."""

    path: str
    span: TimeSpan
    languages: tuple[str, ...] = ()
    expected: str | None = None
    terms: tuple[str, ...] = ()
    translate: bool = False
    sound: SoundChoice = DEFAULT_SOUND


@dataclass(frozen=True, slots=True)
class SoundCall:
    """A chunk of sound, whose voices are to be separated or whose sounds are to be recognized."""

    path: str
    span: TimeSpan
    sound: SoundChoice = DEFAULT_SOUND


@dataclass(frozen=True, slots=True)
class WatchCall:
    """A chunk of pictures, and in how many of them one may look for text; None means in all."""

    video: VideoId
    path: str
    span: TimeSpan
    glances: int | None
    track: int | None = None
    objects: int = 0
    """For how many of its frames the pictures are stored, to look for things in them."""


@dataclass(frozen=True, slots=True)
class PicturesCall:
    """A chunk of pictures, whose shots or faces are to be found."""

    path: str
    span: TimeSpan
    track: int | None = None


@dataclass(frozen=True, slots=True)
class DetectCall:
    """Moments at which things shall be looked for."""

    video: VideoId
    path: str
    times_s: tuple[float, ...]
    track: int | None = None


@dataclass(frozen=True, slots=True)
class ReadCall:
    """A moment whose text shall be read."""

    video: VideoId
    path: str
    time_s: float
    track: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CaptionCall:
    """Pieces of a video with the key frames that stand for each, and what the frame embedder saw in these."""

    pieces: tuple[tuple[TimeSpan, tuple[KeyFrame, ...], tuple[FrameFeatures, ...]], ...]


@dataclass(frozen=True, slots=True)
class DescribeCall:
    """Pieces of a video, each with the times of the frames that shall be shown of it."""

    video: VideoId
    path: str
    pieces: tuple[tuple[TimeSpan, tuple[float, ...]], ...]
    track: int | None = None


@dataclass(frozen=True, slots=True)
class Undescribed:
    """Why there is no description of a piece."""

    reason: str
