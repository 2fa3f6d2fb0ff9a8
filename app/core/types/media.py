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
class SoundChoice:
    """The sound to transcribe: the number of a sound track in the file, and one of its channels or all."""

    track: int | None = None
    """None means the default track."""
    channel: int | None = None
    """None mixes all channels; a single one is used when the mix would be silent."""


DEFAULT_SOUND = SoundChoice()


@dataclass(frozen=True, slots=True)
class FileChapter:
    """A chapter named in the file itself."""

    span: TimeSpan
    title: str


@dataclass(frozen=True, slots=True)
class FileTags:
    """The file's metadata; empty where there is none."""

    title: str = ""
    created_at: str = ""
    """ISO 8601."""
    camera: str = ""
    """Make and model."""
    location: str = ""
    """Latitude and longitude in degrees, ISO 6709, such as +48.2082+016.3738/."""
    chapters: tuple[FileChapter, ...] = ()


NO_TAGS = FileTags()


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The picture stream to read. Cover images do not count as streams."""

    codec: str
    width: int
    """Pixels as shown, after rotation."""
    height: int
    rotation: int
    """Clockwise degrees by which the picture was rotated to be upright: 0, 90, 180 or 270."""
    average_fps: float | None
    """None if the container does not say; never used to compute a time."""
    track: int | None = None
    """Its number among the file's picture streams if a person chose it; None if it is the best one."""


@dataclass(frozen=True, slots=True)
class AudioStream:
    """One sound track. `index` is its number among the sound tracks of the file."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    language: str | None = None
    default: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """Subtitles inside a file. `index` is the place among the subtitle tracks of the file."""

    index: int
    codec: str
    is_text: bool
    """False for subtitles that are pictures, such as those of a disc."""
    language: str | None = None
    title: str = ""
    default: bool = False
    forced: bool = False
    """Whether it holds only what is said in another language than the film's."""


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """The result of probing a file. `duration_s` was read from the data, not only the header."""

    container: str
    duration_s: float
    start_offset_s: float
    """The file's first timestamp; already subtracted from every time that leaves the reader."""
    size_bytes: int
    video: VideoStream | None
    audio: tuple[AudioStream, ...] = ()
    warnings: tuple[str, ...] = ()
    """Messages for the user, such as that the end is missing."""
    sound: SoundChoice = DEFAULT_SOUND
    """The sound that was transcribed."""
    tags: FileTags = NO_TAGS
    unread: tuple[tuple[str, str], ...] = ()
    """What cannot be read or was recognised badly: "pictures" or "speech", each with a sentence for the user."""

    @property
    def picture_track(self) -> int | None:
        """The picture stream that a person chose; None for the best one."""
        return self.video.track if self.video else None

    @property
    def whole(self) -> TimeSpan:
        """From zero to the end."""
        return TimeSpan(0.0, self.duration_s)


@dataclass(frozen=True, slots=True)
class Video:
    """A video of the library. Its id is the hash of its content; the title need not be unique."""

    id: VideoId
    title: str
    path: str
    media: MediaInfo
    language: str | None = None
    added_at: str = ""
    """UTC, ISO 8601."""
    ready: bool = False
    """Whether ingest has finished, so that it can be asked about."""
    tags: tuple[str, ...] = ()
    """The names of its collections."""
    source: str = ""
    """The address that the file was downloaded from; empty for other files."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.media.duration_s


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture and when it is shown. `image`: uint8, height x width x 3, RGB, upright."""

    pts_s: float
    image: NDArray[np.uint8]
    is_damaged: bool = False
    """Whether the decoder had to invent parts of it, or of one since the frame before it that was asked for."""
    lost: tuple[TimeSpan, ...] = ()
    """Spans before the next frame that is asked for, of which no picture can be decoded."""
