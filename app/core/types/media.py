"""Files, their streams, the videos of the library, and single pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NewType

from app.core.types.span import TimeSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VideoId = NewType("VideoId", str)
"""The SHA-256 of the file's bytes, 64 lower-case hexadecimal digits."""


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
    tags: tuple[str, ...] = ()
    """The names of the collections that hold it."""
    source: str = ""
    """The address that the file was downloaded from; empty for every other file."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.media.duration_s


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture and when it is shown. `image`: uint8, height x width x 3, RGB, upright."""

    pts_s: float
    image: NDArray[np.uint8]
