"""Pictures of a video by decord, in the form of its maintained successor, the package decord2."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.errors import BadInput, MissingPart
from app.core.types import Frame, TimeSpan
from gpu_workers.media.container import SAME_TIME_S, opened
from gpu_workers.media.edit_lists import IGNORE_EDITS
from gpu_workers.media.opening import decoded
from gpu_workers.media.picks import EveryTick
from gpu_workers.media.picture import clockwise, fitted, pixel_aspect

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CODECS = frozenset({"h264", "mpeg4"})
"""Where decord shows the frames that PyAV shows. Release 0.6 miscounted VP8's hidden frames, and after seeking in HEVC
it showed the picture of another time."""
_CONTAINERS = ("mov", "matroska")


def suits(path: Path) -> bool:
    """Whether decord shows this file as it should be: it ignores rotation and pixel shape, and follows every edit list.

    Raises BadInput."""
    with opened(path) as media:
        if media.video is None or media.video.codec_context.name not in _CODECS:
            return False
        if IGNORE_EDITS in media.container.container_options:
            return False
        if not media.container.format.name.startswith(_CONTAINERS) or pixel_aspect(media.video) != 1.0:
            return False
        for packet in media.packets(media.video.index, 0.0):
            for frame in decoded(packet.stream, packet):
                return clockwise(frame) == 0
    return False


class DecordFrames:
    """Decodes with decord, one reader a call, so that what it leaks is freed. Plays `FrameSource` where `suits`.

    Raises MissingPart where decord has no wheel, and BadInput for files that it does not show right.
    """

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads

    def sample(self, path: Path, *, span: TimeSpan, every_s: float, max_side: int) -> Iterator[Frame]:
        """See the port. Raises BadInput and MissingPart."""
        if every_s <= 0:
            raise ValueError(f"every_s must be above 0, got {every_s}")
        ticks = EveryTick(span.start_s, span.end_s, every_s)
        with self._reader(path) as (reader, starts):
            times = span.start_s + every_s * np.arange(ticks.count, dtype=np.float64)
            for index in np.unique(_shown(starts, times)):
                image = _image(reader, int(index), max_side)
                if image is None or starts[index] >= span.end_s:
                    return
                yield Frame(float(starts[index]), image)

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int) -> Iterator[Frame]:
        """See the port. Raises BadInput, also for a frame that decord cannot decode, and MissingPart."""
        if not times_s:
            return
        with self._reader(path) as (reader, starts):
            for index in _shown(starts, np.asarray(times_s, dtype=np.float64)):
                image = _image(reader, int(index), max_side)
                if image is None:
                    raise BadInput(f"decord cannot decode {path.name} at {starts[index]:.3f} s.", "Read it with PyAV.")
                yield Frame(float(starts[index]), image)

    @contextlib.contextmanager
    def _reader(self, path: Path) -> Iterator[tuple[Any, NDArray[np.float64]]]:
        """decord's reader, and when each frame is shown.

        Raises BadInput also where pictures follow their key frame but are shown before it: decord errs there.
        """
        decord = _decord()
        if not suits(path):
            raise BadInput(f"{path.name} is not a file that decord shows right.", "Read it with PyAV.")
        # When each frame is shown, from the packets: decord keeps times in single precision (1 ms in 3 hours).
        times: list[float] = []
        key_s = 0.0
        with opened(path) as media:
            assert media.video is not None
            for packet in media.packets(media.video.index, 0.0):
                time_s = media.packet_s(packet)
                is_unsure = time_s is None or packet.pts is None or packet.is_discard
                if time_s is None or is_unsure or (time_s < key_s and not packet.is_keyframe):
                    raise BadInput(f"decord cannot seek in {path.name}.", "Read it with PyAV.")
                key_s = time_s if packet.is_keyframe else key_s
                times.append(time_s)
        starts = np.maximum(0.0, np.sort(np.asarray(times, dtype=np.float64)))
        try:
            reader = decord.VideoReader(str(path), num_threads=self._threads)
        except (RuntimeError, decord.DECORDError) as error:
            raise BadInput(f"decord cannot read {path.name}.", "Read it with PyAV.") from error
        if len(reader) != len(starts):
            raise BadInput(f"decord counts the frames of {path.name} differently.", "Read it with PyAV.")
        yield reader, starts


def _shown(starts: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.int64]:
    places = np.searchsorted(starts, times + SAME_TIME_S, side="right") - 1
    return np.maximum(0, places).astype(np.int64)


def _image(reader: Any, index: int, max_side: int) -> NDArray[np.uint8] | None:
    """One picture, scaled; None when it cannot be decoded."""
    from PIL import Image

    try:
        image = reader[index].asnumpy()
    except (RuntimeError, _decord().DECORDError):
        return None
    height, width = image.shape[:2]
    size = fitted(width, height, max_side)
    if size != (width, height):
        image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
    return np.ascontiguousarray(image, dtype=np.uint8)


_loading = threading.Lock()


def _decord() -> Any:
    """The module, whose library keeps its symbols to itself.

    decord shows them to the whole process, those of its own C++ runtime among them: llama.cpp, loaded after it, would
    take half of its runtime from there, and fail at once.
    """
    with _loading:
        shown = ctypes.RTLD_GLOBAL
        vars(ctypes)["RTLD_GLOBAL"] = ctypes.RTLD_LOCAL
        try:
            import decord
        except (ImportError, OSError, RuntimeError) as error:
            raise MissingPart(
                "decord is not installed.", "Install decord2 where it has wheels; PyAV does its work."
            ) from error
        finally:
            vars(ctypes)["RTLD_GLOBAL"] = shown
    return decord
