"""Opens a media file with FFmpeg (PyAV), puts its streams on one clock, and seeks so that nothing is missed.

The clock of a video starts at its first presented frame or sample: the smallest start time of the
pictures and the sound tracks is subtracted here, and nowhere else, so picture and sound stay in step.
"""

from __future__ import annotations

import itertools
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.core.errors import BadInput, LongreelError, MissingPart

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,wav,w64,mp3,flac,aac,aiff,caf,amr,mxf,ivf,gif"
)
"""FFmpeg's names of the containers that may be opened. Playlists are not among them: a text file named
.mp4 must not be able to make the reader open other files or addresses."""

SAME_TIME_S = 1e-4
"""Two times closer than this are one: containers round their timestamps, and no frame is shown so briefly."""

_LFS = b"version https://git-lfs"
_MARGINS_S = (0.0, 10.0, 60.0)


class OpenMedia:
    """An open file: its streams, its clock and its packets. Not for use by two threads at once."""

    video: Any
    """The first picture stream that is not a cover and has a decoder; None when there is none."""
    sounds: list[tuple[int, Any]]
    """Sound tracks that can be decoded, each with its place among all sound tracks of the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open()
        self.clock_start_s = self._first_timestamp_s()

    def _open(self) -> None:
        self.container = _open(self.path)
        self._untouched = True
        self.video = _picture_stream(self.container)
        sounds = enumerate(self.container.streams.audio)
        self.sounds = [(place, stream) for place, stream in sounds if stream.codec_context is not None]

    def close(self) -> None:
        """Lets go of the file."""
        self.container.close()

    def seconds(self, timestamp: int | None, time_base: Any) -> float | None:
        """A timestamp of a stream on the video's clock, in seconds, to the microsecond; None stays None."""
        if timestamp is None or time_base is None:
            return None
        return round(float(timestamp * time_base) - self.clock_start_s, 6)

    def packet_s(self, packet: Any) -> float | None:
        """When a packet is presented; AVI files tell only when it is decoded, which is then taken."""
        return self.seconds(packet.dts if packet.pts is None else packet.pts, packet.time_base)

    def frame_s(self, frame: Any, time_base: Any) -> float | None:
        """When a decoded frame is presented, never before zero. What a decoder gives at its end has no time base."""
        time_s = self.seconds(frame.dts if frame.pts is None else frame.pts, time_base)
        return None if time_s is None else max(0.0, time_s)

    def packets(self, stream_index: int, from_s: float) -> Iterator[Any]:
        """Packets of a stream, in decoding order, from a key frame that is shown at or before `from_s`.

        A damaged place that FFmpeg cannot pass ends the stream. The file may be reopened for this, and a
        stream or decoder of a closed file must not be touched: take them from `packet.stream`.
        """
        for margin_s in _MARGINS_S:
            if from_s - margin_s <= 1.0:
                break
            packets = self._sought(stream_index, from_s - margin_s)
            first = next((packet for packet in packets if packet.is_keyframe and packet.pts is not None), None)
            if first is not None and (self.packet_s(first) or 0.0) <= from_s + SAME_TIME_S:
                yield from itertools.chain((first,), packets)
                return
        if not self._untouched:
            self.container.close()
            self._open()
        self._untouched = False
        yield from _demuxed(self.container, self.container.streams[stream_index])

    def all_packets(self, from_s: float) -> Iterator[Any]:
        """Packets of the pictures and of all sound tracks, from about `from_s`; none if that cannot be sought."""
        if from_s > 0 and not self._seek(int((from_s + self.clock_start_s) * 1_000_000), None):
            return iter(())
        streams = [stream for _, stream in self.sounds]
        return _demuxed(self.container, streams if self.video is None else [self.video, *streams])

    def _sought(self, stream_index: int, time_s: float) -> Iterator[Any]:
        stream = self.container.streams[stream_index]
        found = self._seek(int((time_s + self.clock_start_s) / stream.time_base), stream)
        return _demuxed(self.container, stream) if found else iter(())

    def _seek(self, timestamp: int, stream: Any) -> bool:
        import av

        self._untouched = False
        try:
            self.container.seek(timestamp, stream=stream)
        except (av.error.FFmpegError, OverflowError):
            return False
        return True

    def _first_timestamp_s(self) -> float:
        streams = [self.video] if self.video is not None else []
        streams += [stream for _, stream in self.sounds]
        starts = [float(s.start_time * s.time_base) for s in streams if s.start_time is not None]
        return min(starts, default=0.0)


@contextmanager
def opened(path: Path) -> Iterator[OpenMedia]:
    """An open file. Raises BadInput with the reason for everything that cannot be read."""
    with media_errors(path):
        media = OpenMedia(path)
        try:
            yield media
        finally:
            media.close()


@contextmanager
def media_errors(path: Path) -> Iterator[None]:
    """Turns what FFmpeg and the file system raise about a file into BadInput."""
    try:
        yield
    except LongreelError:
        raise
    except ImportError as error:
        raise MissingPart(
            "Reading media needs the package av.", "Install it: pip install 'longreel[models]'."
        ) from error
    except (OSError, ValueError, RuntimeError, MemoryError) as error:
        if not path.exists():
            raise _missing(path) from error
        raise BadInput(f"{path.name} cannot be read: {error}", "Check the file in a player, or convert it.") from error


def _open(path: Path) -> Any:
    import av

    _refuse_what_is_no_media(path)
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    try:
        return av.open(f"file:{path}", container_options=options, metadata_errors="replace")
    except PermissionError as error:
        raise BadInput(f"{path.name} may not be read.", "Give yourself the right to read it.") from error
    except (av.error.FFmpegError, ValueError) as error:
        raise _unreadable(path) from error


def _refuse_what_is_no_media(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise _missing(path) from error
    except OSError as error:
        raise BadInput(f"{path} cannot be opened: {error.strerror}.", "Check the path.") from error
    if stat.S_ISDIR(mode):
        raise BadInput(f"{path} is a folder.", "Name the video files in it.")
    if not stat.S_ISREG(mode):
        raise BadInput(f"{path} is not a regular file.", "Save the video to a file first.")
    if path.stat().st_size == 0:
        raise BadInput(f"{path.name} is empty.", "Copy or download it again.")


def _missing(path: Path) -> BadInput:
    return BadInput(f"There is no file {path}.", "Check the path; the file may have been moved or removed.")


def _unreadable(path: Path) -> BadInput:
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError:
        return _missing(path)
    except OSError as error:
        return BadInput(f"{path.name} cannot be read: {error.strerror}.", "Check the file and its rights.")
    if head.startswith(_LFS):
        return BadInput(
            f"{path.name} is a Git LFS pointer, not the video.", "Run 'git lfs pull' in its repository, then try again."
        )
    if head[4:8] == b"ftyp":
        return BadInput(
            f"{path.name} starts as an MP4 file, but its index is missing or damaged.",
            "The recording or download was cut off: get the complete file.",
        )
    return BadInput(
        f"{path.name} is not a video or sound file that can be read.",
        "Give an mp4, mkv, webm, mov, avi or ts file, or a sound file.",
    )


def _picture_stream(container: Any) -> Any:
    from av.stream import Disposition

    for stream in container.streams.video:
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def _demuxed(container: Any, streams: Any) -> Iterator[Any]:
    """Packets with data until the end, or until the data is damaged beyond reading."""
    import av

    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, EOFError):
            return
        if packet is None:
            return
        if packet.size and not packet.is_discard:
            yield packet
