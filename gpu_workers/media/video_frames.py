"""Pictures by whichever reader suits the file and the request.

Measured on files of 40 s to 30 minutes, 234 to 720 lines, H.264, processor time for 1, 10 spread and 16
near times: PyAV 7 to 645 ms, decord 21 to 1009 ms, the same frames. decord indexes the whole file whenever
it is opened and decodes every frame on the way, and holds more memory than PyAV for it. So streams are
PyAV's, which reads only what it needs at a cost that does not grow with the file, and decord answers
single times in files short enough to index.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.core.errors import BadInput, MissingPart
from app.core.types import Frame, TimeSpan
from gpu_workers.media.container import opened
from gpu_workers.media.decord_frames import DecordFrames, suits
from gpu_workers.media.frames import PyAVFrames

logger = logging.getLogger(__name__)

_INDEXED_S = 600.0
"""Longer files are not worth an index for a few frames."""


class VideoFrames:
    """decord where it works and is bounded, PyAV otherwise. Plays `FrameSource`."""

    def __init__(self, threads: int = 2) -> None:
        self._pyav = PyAVFrames(threads)
        self._decord = DecordFrames(threads)

    def sample(
        self, path: Path, *, span: TimeSpan, every_s: float, max_side: int, track: int | None = None
    ) -> Iterator[Frame]:
        """See the port. Raises BadInput."""
        return self._pyav.sample(path, span=span, every_s=every_s, max_side=max_side, track=track)

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int, track: int | None = None) -> Iterator[Frame]:
        """See the port. Raises BadInput."""
        answered = 0
        with opened(path) as media:
            is_short = 0 < (media.container.duration or 0) <= _INDEXED_S * 1e6
        if times_s and track is None and is_short and suits(path):
            try:
                for frame in self._decord.at(path, times_s, max_side=max_side):
                    answered += 1
                    yield frame
            except (BadInput, MissingPart) as error:
                logger.debug("PyAV takes over from decord: %s", error)
        yield from self._pyav.at(path, times_s[answered:], max_side=max_side, track=track)
