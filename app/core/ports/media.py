"""Ports that open a video: its metadata, its pictures, its sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from app.core.types import AudioMap, Frame, MediaInfo, SoundChoice, SubtitleTrack, TimeSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class MediaProbe(Protocol):
    """Examines a file before any work is done on it."""

    def probe(self, path: Path, *, track: int | None = None) -> MediaInfo:
        """Container, streams, true duration. Raises BadInput with a clear reason for an unreadable file.

        `track` selects a picture stream; None takes the best one.
        """
        ...


@runtime_checkable
class FrameSource(Protocol):
    """Decodes pictures. Holds only a few frames at a time, whatever the length of the file."""

    def sample(
        self, path: Path, *, span: TimeSpan, every_s: float, max_side: int, track: int | None = None
    ) -> Iterator[Frame]:
        """For each tick span.start + k * every_s inside [start, end) the frame shown at that moment, in time order.

        A frame is returned once even if it is shown at several ticks. `max_side` is in pixels; 0 keeps the size.
        `track` is the number of the picture stream in the file; None takes the best one.
        A damaged tail ends the stream early without an error.
        """
        ...

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int, track: int | None = None) -> Iterator[Frame]:
        """The frame shown at each time, one for each, in the order given; times past the end give the last frame."""
        ...


@runtime_checkable
class AudioSource(Protocol):
    """Decodes sound: mono, 16,000 samples a second, float32, -1 to 1."""

    def survey(self, path: Path, *, chunk_s: float, track: int | None = None) -> AudioMap:
        """Reads a track once, storing only its loudness, and cuts it at quiet points about `chunk_s` apart.

        Without a `track` it takes the default one, or another if that one is nearly silent.
        """
        ...

    def samples(self, path: Path, span: TimeSpan, choice: SoundChoice | None = None) -> NDArray[np.float32]:
        """The sound of a span, shape (round(duration * 16000),), padded with silence where the track has none."""
        ...


@runtime_checkable
class SubtitleSource(Protocol):
    """Reads the subtitles inside a file."""

    def tracks(self, path: Path) -> list[SubtitleTrack]:
        """All subtitle tracks, in the order of the file. Raises BadInput for what cannot be read."""
        ...

    def pictures(self, path: Path, track: int) -> Iterator[tuple[TimeSpan, NDArray[np.uint8]]]:
        """What a track of pictures shows, height x width x 3, on black. Raises BadInput for any other track."""
        ...

    def texts(self, path: Path, track: int) -> list[tuple[TimeSpan, str]]:
        """What a track of text says, in time order on the video's clock. Raises BadInput for any other track."""
        ...
