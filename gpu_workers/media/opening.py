"""Opens a media file with FFmpeg (PyAV), and refuses other files with one clear sentence."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.core.errors import BadInput, LongreelError, MissingPart
from gpu_workers.media.avi_index import index_start
from gpu_workers.media.edit_lists import IGNORE_EDITS, has_too_many_edits

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,wav,w64,mp3,flac,aac,aiff,caf,amr,mxf,ivf,gif,"
    "dv,h264,hevc,m4v,mpegvideo,obu,rm,wtv,gxf,nut,dhav,ac3,eac3,dts,ape,wv,tta,au"
)
"""FFmpeg's names of the containers that may be opened. Playlists are not among them: a text file named
.mp4 must not be able to make the reader open other files or addresses."""

TRANSPORT = ("mpegts", "mpeg")
"""Broadcast containers: they may be cut and joined anywhere, and name their streams while they run."""

RAW = ("h264", "hevc", "m4v", "mpegvideo", "obu")
"""Pictures without a container, and so without times: each lasts as long as their rate says."""

MOST_PIXELS = 8192 * 8192
"""Larger pictures are refused before one is decoded: a file of a kilobyte can hold one that takes gigabytes."""

DECODER = {"max_pixels": str(MOST_PIXELS)}
"""Options of every decoder of pictures."""

_LFS = b"version https://git-lfs"


@contextmanager
def media_errors(path: Path) -> Iterator[None]:
    """Turns what FFmpeg and the file system raise about a file into BadInput."""
    try:
        yield
    except LongreelError:
        raise
    except ImportError as error:
        raise MissingPart(
            "Reading media needs the package av.", "Install it: pip install 'longreel[offline]'."
        ) from error
    except (OSError, ValueError, RuntimeError, MemoryError, LookupError, TypeError, ArithmeticError) as error:
        if not path.exists():
            raise _missing(path) from error
        raise BadInput(f"{path.name} cannot be read: {error}", "Check the file in a player, or convert it.") from error


PREVIEW_BYTES = 2**21 // 188 * 188
"""So much of a later part of a broadcast shows which streams it has: some seconds."""


def open_container(path: Path, preview: int | None = None, *, without_index: bool = False) -> Any:
    """FFmpeg's container. Raises BadInput.

    With a `preview` the bytes from there on come first, PREVIEW_BYTES of them, and after them the whole file: streams
    are known only if they appear at the beginning. `without_index` hides that of an AVI file, which may be damaged.
    """
    import av

    # torchvision turns PyAV's log on. Its callback takes the interpreter's lock, in a thread of a decoder whose end the
    # holder of that lock may be waiting for.
    av.logging.set_level(None)
    _refuse_what_is_no_media(path)
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file", "merge_pmt_versions": "1"}
    file: Any = f"file:{path}"
    try:
        if preview is not None:
            file = _Previewed(path, preview)
            options["correct_ts_overflow"] = "0"  # what FFmpeg takes for an overflow is the preview
        elif without_index:
            file = _WithoutIndex(path)
        if has_too_many_edits(path):
            options[IGNORE_EDITS] = "1"
        container = _opened(file, options)
        # The edit list of an MP4 file may leave nothing of a stream: some writers state a length of zero.
        indexes = [stream.index_entries for stream in container.streams if stream.type in ("video", "audio")]
        if any(len(entries) > 0 and all(entry.is_discard for entry in entries) for entries in indexes):
            container.close()
            container = _opened(file, {**options, IGNORE_EDITS: "1"})
        for stream in container.streams.video:  # pictures may also become too large in mid-file
            if stream.codec_context is not None:
                stream.codec_context.options = dict(DECODER)
        return container
    except PermissionError as error:
        raise BadInput(f"You may not read {path.name}.", "Give yourself permission to read it.") from error
    except (av.error.FFmpegError, ValueError, LookupError) as error:
        raise _unreadable(path) from error


def _opened(file: Any, options: dict[str, str]) -> Any:
    import av

    return av.open(file, options=DECODER, container_options=options, metadata_errors="replace", buffer_size=2**18)


def refuse_huge_pictures(path: Path, index: int) -> None:
    """Raises BadInput if the pictures of a stream are larger than MOST_PIXELS; none is decoded for it."""
    import av

    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file", IGNORE_EDITS: "1"}
    with av.open(f"file:{path}", options={"skip_frame": "all"}, container_options=options) as container:
        stream: Any = container.streams[index] if index < len(container.streams) else None
        if stream is not None and stream.type == "video" and stream.width * stream.height > MOST_PIXELS:
            raise BadInput(
                f"The pictures of {path.name} are too large: {stream.width} x {stream.height} pixels; "
                f"at most {MOST_PIXELS / 1e6:.0f} million are read.",
                "Convert it to a smaller size.",
            )


class _OpenFile:
    """A file as FFmpeg reads it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        self._size = os.fstat(self._file).st_size
        self._at = 0

    def __del__(self) -> None:
        os.close(self._file)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes to a place, counted from the beginning, from here or from the end."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at


class _Previewed(_OpenFile):
    """A file whose bytes from a place on are read first, then all of them."""

    def __init__(self, path: Path, start: int) -> None:
        super().__init__(path)
        self._start = start
        self._size += PREVIEW_BYTES

    def read(self, count: int) -> bytes:
        """The next bytes; none at the end. A preview that reaches the end of the file ends in zeros."""
        if self._at < PREVIEW_BYTES:
            count = min(count, PREVIEW_BYTES - self._at)
            data = os.pread(self._file, count, self._start + self._at).ljust(count, b"\0")
        else:
            data = os.pread(self._file, count, self._at - PREVIEW_BYTES)
        self._at += len(data)
        return data


class _WithoutIndex(_OpenFile):
    """An AVI file whose index is not recognized as one."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._index = index_start(path)

    def read(self, count: int) -> bytes:
        """The next bytes; none at the end."""
        data = bytearray(os.pread(self._file, count, self._at))
        for at in range(max(self._index, self._at), min(self._index + 4, self._at + len(data))):
            data[at - self._at] = 0
        self._at += len(data)
        return bytes(data)


def demuxed(container: Any, streams: Any = None) -> Iterator[Any]:
    """Packets with data until the end, or until the data is damaged beyond reading."""
    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets, None)
        except Exception:  # noqa: BLE001 - a damaged file makes the libraries raise anything; it ends here
            return
        if packet is None:
            return
        if packet.size:
            yield packet


def decoded(decoder: Any, packet: Any, failures: list[Exception] | None = None) -> list[Any]:
    """The frames that a packet gives; None: those that the decoder still holds.

    Damaged packets give nothing; what the decoder raised is added to `failures`.
    """
    try:
        return list(decoder.decode(packet))
    except Exception as error:  # noqa: BLE001 - a damaged file makes the libraries raise anything
        if failures is not None:
            failures.append(error)
        return []


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
        return BadInput(f"{path.name} cannot be read: {error.strerror}.", "Check the file and its permissions.")
    if head.startswith(_LFS):
        return BadInput(
            f"{path.name} is a Git LFS pointer, not the video.", "Run 'git lfs pull' in its repository, then try again."
        )
    if head[4:8] == b"ftyp":
        return BadInput(
            f"{path.name} starts as an MP4 file, but its index is missing or damaged.",
            "The recording or download was cut off: get the complete file.",
        )
    if head[4:8] in (b"moof", b"styp", b"sidx"):
        return BadInput(
            f"{path.name} is a piece of an MP4 stream without its beginning.",
            "Join it to the initialization segment, or download the whole video.",
        )
    return BadInput(
        f"{path.name} is not a video or sound file that can be read.",
        "Give an mp4, mkv, webm, mov, avi or ts file, or a sound file. To add subtitles alone: longreel import FILE",
    )
