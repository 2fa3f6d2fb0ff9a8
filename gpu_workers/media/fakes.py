"""Made-up media: the same pictures and sound for the same moment, without a decoder or a real file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.core.errors import BadInput, NotFound
from app.core.types import AudioMap, AudioStream, Frame, MediaInfo, SoundChoice, SubtitleTrack, TimeSpan, VideoStream
from gpu_workers.media.loudness import STEP_S, LoudnessMeter, quiet_cuts
from gpu_workers.media.picks import EveryTick
from gpu_workers.media.picture import fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAKE_MEDIA = MediaInfo(
    container="mp4",
    duration_s=60.0,
    start_offset_s=0.0,
    size_bytes=1,
    video=VideoStream("h264", 160, 90, 0, 25.0),
    audio=(AudioStream(0, "aac", 1, 48_000, "eng", True),),
)
"""A minute of pictures and sound."""

_RATE = 16_000
_TONE_S, _PAUSE_S = 4.0, 1.0


class FakeProbe:
    """Says the same of every file that exists. Plays `MediaProbe`."""

    def __init__(self, media: MediaInfo = FAKE_MEDIA) -> None:
        self._media = media

    def probe(self, path: Path, *, track: int | None = None) -> MediaInfo:  # noqa: ARG002 - it has one
        """See the port. Raises BadInput for what is missing or empty."""
        _refuse(path)
        return replace(self._media, size_bytes=path.stat().st_size)


class FakeFrames:
    """Pictures of one colour with a bright column that wanders, 25 a second. Plays `FrameSource`."""

    def __init__(self, media: MediaInfo = FAKE_MEDIA, scene_s: float = 10.0) -> None:
        self._media = media
        self._scene_s = scene_s

    def sample(
        self, path: Path, *, span: TimeSpan, every_s: float, max_side: int, track: int | None = None
    ) -> Iterator[Frame]:
        """See the port; it has one track."""
        del track
        _refuse(path)
        if every_s <= 0:
            raise ValueError(f"every_s must be above 0, got {every_s}")
        shown_s = -1.0
        for tick in range(EveryTick(span.start_s, span.end_s, every_s).count):
            frame = self._frame(span.start_s + tick * every_s, max_side)
            if frame is not None and frame.pts_s > shown_s:
                shown_s = frame.pts_s
                yield frame

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int, track: int | None = None) -> Iterator[Frame]:
        """See the port; it has one track."""
        del track
        _refuse(path)
        for time_s in times_s:
            frame = self._frame(time_s, max_side)
            if frame is not None:
                yield frame

    def _frame(self, time_s: float, max_side: int) -> Frame | None:
        video = self._media.video
        if video is None:
            return None
        rate = video.average_fps or 25.0
        last = max(0, math.ceil(self._media.duration_s * rate - 1e-9) - 1)
        number = min(max(0, math.floor(time_s * rate + 1e-3)), last)
        pts_s = number / rate
        width, height = fitted(video.width, video.height, max_side)
        scene = int(pts_s / self._scene_s)
        colour = np.random.default_rng(scene).integers(30, 220, 3)
        image = np.empty((height, width, 3), dtype=np.uint8)
        image[:] = colour
        image[:, number % width] = 255
        return Frame(pts_s, image)


class FakeAudio:
    """A tone of 4 s, a pause of 1 s, and so on. Plays `AudioSource`."""

    def __init__(self, media: MediaInfo = FAKE_MEDIA) -> None:
        self._media = media

    def survey(self, path: Path, *, chunk_s: float, track: int | None = None) -> AudioMap:
        """See the port."""
        _refuse(path)
        meter = LoudnessMeter(_RATE)
        end_s = self._media.duration_s if self._media.audio else 0.0
        start_s = 0.0
        while start_s < end_s:
            span = TimeSpan(start_s, min(start_s + 60.0, end_s))
            meter.add(self.samples(path, span))
            start_s = span.end_s
        return AudioMap(meter.result(), STEP_S, quiet_cuts(meter.result(), end_s, chunk_s), SoundChoice(track))

    def samples(self, path: Path, span: TimeSpan, choice: SoundChoice | None = None) -> NDArray[np.float32]:  # noqa: ARG002
        """See the port."""
        _refuse(path)
        times = round(span.start_s * _RATE) / _RATE + np.arange(round(span.duration_s * _RATE)) / _RATE
        tone = 0.3 * np.sin(2 * np.pi * 440.0 * times)
        sounding = (times % (_TONE_S + _PAUSE_S) < _TONE_S) & (times < self._media.duration_s)
        return np.where(sounding & bool(self._media.audio), tone, 0.0).astype(np.float32)


class FakeMediaStore:
    """Keeps bytes in memory, and writes a file only when one is asked for. Plays `MediaStore`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data: dict[str, bytes] = {}

    def put(self, key: str, data: bytes | Path) -> None:
        """See the port. Raises BadInput for a key that is no relative path, or a file that is missing."""
        if not key or key.startswith("/") or ".." in key.split("/") or "\\" in key or "\0" in key:
            raise BadInput(f"{key!r} cannot be a key.", "Use a relative path with forward slashes.")
        if isinstance(data, Path) and not data.is_file():
            raise BadInput(f"There is no file {data}.", "Check the path.")
        self._data[key] = data if isinstance(data, bytes) else data.read_bytes()

    def get(self, key: str) -> bytes:
        """See the port. Raises NotFound."""
        if key not in self._data:
            raise NotFound(f"The media store has no {key}.", "It may have been deleted.")
        return self._data[key]

    def local_path(self, key: str) -> Path:
        """See the port. Raises NotFound."""
        data = self.get(key)
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def remove(self, prefix: str) -> None:
        """See the port."""
        folder = prefix.rstrip("/")
        gone = [key for key in self._data if not folder or key == folder or key.startswith(folder + "/")]
        for key in gone:
            del self._data[key]


def _refuse(path: Path) -> None:
    if not path.is_file():
        raise BadInput(f"There is no file {path}.", "Check the path.")
    if path.stat().st_size == 0:
        raise BadInput(f"{path.name} is empty.", "Copy or download it again.")


class FakeSubtitles:
    """One track of text and one of pictures, or none. Plays `SubtitleSource`."""

    def __init__(self, texts: Sequence[tuple[TimeSpan, str]] = ()) -> None:
        """`texts` is what the first track says; without any there is no track."""
        self._texts = tuple(texts)

    def tracks(self, path: Path) -> list[SubtitleTrack]:
        """See the port."""
        _refuse(path)
        text = SubtitleTrack(0, "subrip", True, "eng")
        return [text, SubtitleTrack(1, "hdmv_pgs_subtitle", False, "eng")] if self._texts else []

    def pictures(self, path: Path, track: int) -> Iterator[tuple[TimeSpan, NDArray[np.uint8]]]:
        """See the port; each picture is a grey block."""
        if track != 1 or not self._texts:
            raise BadInput(f"{path.name} has no pictures in subtitle track {track}.", "Choose another track.")
        _refuse(path)
        for span, _ in sorted(self._texts):
            yield span, np.full((24, 96, 3), 128, np.uint8)

    def texts(self, path: Path, track: int) -> list[tuple[TimeSpan, str]]:
        """See the port."""
        if track != 0 or not self._texts:
            raise BadInput(f"{path.name} has no text in subtitle track {track}.", "Choose another track.")
        _refuse(path)
        return sorted(self._texts)
