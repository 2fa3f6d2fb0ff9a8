"""Sound of a video by PyAV: mono, 16,000 samples a second, placed by its timestamps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.errors import BadInput
from app.core.types import AudioMap, TimeSpan
from gpu_workers.media.container import OpenMedia, opened
from gpu_workers.media.loudness import STEP_S, LoudnessMeter, quiet_cuts

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
_JITTER_S = 0.04
"""Timestamps are rounded, so sound runs on unless they disagree with the count of samples by more than this."""
_LONGEST_GAP_S = 12 * 3600.0
"""A jump beyond this is a broken timestamp, not silence; the track ends there."""
_PREROLL_S = 0.5
"""Codecs need a little sound before the first sample that is right: Opus 80 ms, AAC and MP3 less."""
_SILENCE = 60 * SAMPLE_RATE


class PyAVAudio:
    """Decodes one sound track. `track` counts the sound tracks from 0; None takes the default one, else the first.

    Plays `AudioSource`. Channels are mixed by FFmpeg's weights (centre 1, left and right 0.71, surround 0.5),
    scaled so that two equal channels keep their level; sums beyond full scale are clipped.
    """

    def __init__(self, track: int | None = None) -> None:
        self._track = track

    def survey(self, path: Path, *, chunk_s: float) -> AudioMap:
        """See the port; a file without sound gives an empty map. Raises BadInput."""
        meter = LoudnessMeter(SAMPLE_RATE)
        position = 0
        with opened(path) as media:
            for start, samples in self._placed(media, 0.0):
                for silence in _silences(start - position):
                    meter.add(silence)
                meter.add(samples[max(0, position - start) :])
                position = max(position, start + len(samples))
        loudness = meter.result()
        return AudioMap(loudness, STEP_S, quiet_cuts(loudness, position / SAMPLE_RATE, chunk_s))

    def samples(self, path: Path, span: TimeSpan) -> NDArray[np.float32]:
        """See the port; a file without sound gives silence. Raises BadInput."""
        first = round(span.start_s * SAMPLE_RATE)
        result = np.zeros(round(span.duration_s * SAMPLE_RATE), dtype=np.float32)
        with opened(path) as media:
            for start, samples in self._placed(media, max(0.0, span.start_s - _PREROLL_S)):
                offset = start - first
                if offset >= len(result):
                    break
                left, right = max(0, offset), min(len(result), offset + len(samples))
                if left < right:
                    result[left:right] = samples[left - offset : right - offset]
        return result

    def _placed(self, media: OpenMedia, from_s: float) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Sound with the number of its first sample on the video's clock; starts may leave gaps or overlap."""
        stream = self._stream(media)
        if stream is None:
            return
        run = _Run()
        for frame, time_s in _decoded(media, stream.index, from_s):
            if run.accepts(frame, time_s):
                yield from run.add(frame)
                continue
            yield from run.end()
            if run.is_broken(time_s):
                return
            run = _Run(frame, time_s)
            yield from run.add(frame)
        yield from run.end()

    def _stream(self, media: OpenMedia) -> Any:
        from av.stream import Disposition

        if self._track is None:
            streams = [stream for _, stream in media.sounds]
            return next((s for s in streams if s.disposition & Disposition.default), next(iter(streams), None))
        for place, stream in media.sounds:
            if place == self._track:
                return stream
        raise BadInput(
            f"{media.path.name} has no sound track {self._track} that can be decoded.",
            f"Choose one of: {', '.join(str(place) for place, _ in media.sounds) or 'none'}.",
        )


class _Run:
    """A stretch of sound without a gap: one resampler, and where its next output sample belongs."""

    def __init__(self, frame: Any = None, time_s: float = 0.0) -> None:
        self._shape = _shape(frame) if frame is not None else None
        self._next_s = time_s
        self._position = round(time_s * SAMPLE_RATE)
        self._resampler: Any = None
        self._scale = 1.0

    def accepts(self, frame: Any, time_s: float) -> bool:
        """Whether a frame goes on where this run ends, in the same format."""
        return self._shape == _shape(frame) and abs(time_s - self._next_s) <= _JITTER_S

    def is_broken(self, time_s: float) -> bool:
        """Whether a frame is so far ahead that its time cannot be right."""
        return time_s - self._next_s > _LONGEST_GAP_S

    def add(self, frame: Any) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """What comes out of the resampler once a frame went in."""
        import av

        if self._resampler is None:
            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
            self._scale = 0.5**0.5 if frame.layout.nb_channels > 1 else 1.0
        self._next_s += frame.samples / frame.sample_rate
        frame.pts = None
        yield from self._placed(self._resampler.resample(frame))

    def end(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """What the resampler still holds."""
        if self._resampler is not None:
            yield from self._placed(self._resampler.resample(None))
            self._resampler = None

    def _placed(self, frames: list[Any]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        for frame in frames:
            samples = frame.to_ndarray().reshape(-1)
            yield self._position, np.clip(samples * np.float32(self._scale), -1.0, 1.0)
            self._position += len(samples)


def _shape(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _decoded(media: OpenMedia, stream_index: int, from_s: float) -> Iterator[tuple[Any, float]]:
    """Decoded frames of sound with their times. Damaged packets give nothing."""
    import av

    for packet in media.packets(stream_index, from_s):
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, EOFError):
            continue
        for frame in frames:
            time_s = media.seconds(frame.pts if frame.pts is not None else frame.dts, frame.time_base)
            if time_s is not None and frame.samples:
                yield frame, time_s


def _silences(count: int) -> Iterator[NDArray[np.float32]]:
    while count > 0:
        yield np.zeros(min(count, _SILENCE), dtype=np.float32)
        count -= _SILENCE
