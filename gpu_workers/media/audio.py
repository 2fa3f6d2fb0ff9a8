"""Sound of a video by PyAV: mono, 16,000 samples a second, placed by its timestamps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.errors import BadInput
from app.core.types import AudioMap, SoundChoice, TimeSpan
from gpu_workers.media.container import OpenMedia, opened
from gpu_workers.media.loudness import SOUNDING, STEP_S, LoudnessMeter, quiet_cuts
from gpu_workers.media.opening import decoded
from gpu_workers.media.packet_scan import scan
from gpu_workers.media.phase import PhaseMeter
from gpu_workers.media.timeline import GAP_S
from gpu_workers.media.tracks import sound_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
_JITTER_S = 0.04
"""Timestamps are rounded, so sound runs on unless they disagree with the count of samples by more than this."""
_LONGEST_GAP_S = 12 * 3600.0
"""A jump beyond this is a broken timestamp, not silence; the track ends there."""
_ODD_STEP_S = 2.0
"""The frame after a longer step shows whether the time before it was false."""
_PREROLL_S = 0.5
"""Codecs need a little sound before the first sample that is right: Opus 80 ms, AAC and MP3 less."""
_LOST_END_S = 1.0
_SILENCE = 60 * SAMPLE_RATE
_SOUNDING_SHARE = 0.05
"""A track of which less can be heard is taken for silent when another one has more."""


class PyAVAudio:
    """Decodes one sound track: the chosen one, else the default one, else the first. Plays `AudioSource`.

    Channels are mixed by FFmpeg's weights (centre 1, left and right 0.71, surround 0.5), scaled so that two equal
    channels keep their level; sums beyond full scale are clipped. Where a choice names a channel, it is taken alone.
    """

    def survey(self, path: Path, *, chunk_s: float, track: int | None = None) -> AudioMap:
        """See the port; a file without sound gives an empty map. Raises BadInput."""
        with opened(path) as media:
            places = [place for place, _ in sound_order(media.sounds)] if track is None else [track]
        best = AudioMap(np.zeros(0, np.float32), STEP_S, (), SoundChoice(track))
        for place in places:
            phase = PhaseMeter()
            sound = _surveyed(path, chunk_s, SoundChoice(place), phase)
            if (channel := phase.channel_to_use()) is not None:
                sound = _surveyed(path, chunk_s, SoundChoice(place, channel))
            if place == places[0] or _sounding(sound.loudness) > _sounding(best.loudness):
                best = sound
            if _sounding(best.loudness) >= _SOUNDING_SHARE * len(best.loudness):
                break
        return best

    def samples(self, path: Path, span: TimeSpan, choice: SoundChoice | None = None) -> NDArray[np.float32]:
        """See the port; a file without sound gives silence. Raises BadInput."""
        first = round(span.start_s * SAMPLE_RATE)
        result = np.zeros(round(span.duration_s * SAMPLE_RATE), dtype=np.float32)
        with opened(path) as media:
            for start, samples in _placed(media, choice or SoundChoice(), max(0.0, span.start_s - _PREROLL_S)):
                offset = start - first
                if offset >= len(result):
                    break
                left, right = max(0, offset), min(len(result), offset + len(samples))
                if left < right:
                    result[left:right] = samples[left - offset : right - offset]
        return result


def _surveyed(path: Path, chunk_s: float, choice: SoundChoice, phase: PhaseMeter | None = None) -> AudioMap:
    meter = LoudnessMeter(SAMPLE_RATE)
    position = 0
    gaps: list[TimeSpan] = []
    with opened(path) as media:
        for start, samples in _placed(media, choice, 0.0, phase):
            if position and start - position >= GAP_S * SAMPLE_RATE:
                gaps.append(TimeSpan(position / SAMPLE_RATE, start / SAMPLE_RATE))
            for silence in range(position, start, _SILENCE):
                meter.add(np.zeros(min(start - silence, _SILENCE), dtype=np.float32))
            meter.add(samples[max(0, position - start) :])
            position = max(position, start + len(samples))
        stream = _chosen(media, choice)
        facts = scan(path).streams.get(stream.index) if stream is not None and position else None
        end_s = facts.end_s - media.clock_start_s if facts is not None else 0.0
    if end_s - position / SAMPLE_RATE >= _LOST_END_S:  # another codec, or damage: these packets give nothing
        gaps.append(TimeSpan(position / SAMPLE_RATE, end_s))
    cuts = quiet_cuts(meter.result(), position / SAMPLE_RATE, chunk_s)
    return AudioMap(meter.result(), STEP_S, cuts, choice, tuple(gaps))


def _sounding(loudness: NDArray[np.float32]) -> int:
    """The number of steps in which something can be heard."""
    return int((loudness >= SOUNDING).sum())


def _placed(
    media: OpenMedia, choice: SoundChoice, from_s: float, phase: PhaseMeter | None = None
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Sound with the number of its first sample on the video's clock; starts may leave gaps or overlap."""
    stream = _chosen(media, choice)
    if stream is None:
        return
    run = _Run()
    frames = (
        (frame, time_s)
        for packet in media.packets(stream.index, from_s)
        for frame in decoded(packet.stream, packet)  # damaged packets give nothing
        if (time_s := media.seconds(frame.dts if frame.pts is None else frame.pts, frame.time_base)) is not None
        if frame.samples
    )
    for frame, time_s in _plausible(frames):
        if phase is not None:
            phase.add(frame)
        if choice.channel is not None and choice.channel < frame.layout.nb_channels:
            frame = _one_channel(frame, choice.channel)
        if run.accepts(frame, time_s):
            yield from run.add(frame)
            continue
        yield from run.end()
        if run.is_broken(time_s):
            return
        run = _Run(frame, time_s)
        yield from run.add(frame)
    yield from run.end()


def _chosen(media: OpenMedia, choice: SoundChoice) -> Any:
    """The stream of a sound track; None if the file has none and none is named. Raises BadInput."""
    if choice.track is None:
        return next((stream for _, stream in sound_order(media.sounds)), None)
    stream = dict(media.sounds).get(choice.track)
    if stream is None:
        raise BadInput(
            f"{media.path.name} has no sound track {choice.track} that can be decoded.",
            f"Choose one of: {', '.join(str(place) for place, _ in media.sounds) or 'none'}.",
        )
    return stream


def _one_channel(frame: Any, channel: int) -> Any:
    import av

    samples = frame.to_ndarray()
    own = samples[channel] if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels)[:, channel]
    alone = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(own.reshape(1, -1)), format=frame.format.packed.name, layout="mono"
    )
    alone.sample_rate = frame.sample_rate
    return alone


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
            samples = np.nan_to_num(frame.to_ndarray().reshape(-1))  # float sound may hold NaN
            yield self._position, np.clip(samples * np.float32(self._scale), -1.0, 1.0)
            self._position += len(samples)


def _shape(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _plausible(frames: Iterator[tuple[Any, float]]) -> Iterator[tuple[Any, float]]:
    """The frames without those whose times are false: the frame after them goes on from the one before them."""
    expected_s: float | None = None
    odd: tuple[Any, float] | None = None
    for frame, time_s in itertools.chain(frames, ((None, math.inf),)):
        if odd is not None and expected_s is None:  # the first frame: true if the second goes on from it
            end_s = odd[1] + odd[0].samples / odd[0].sample_rate
            if frame is None or abs(time_s - end_s) <= _ODD_STEP_S:
                yield odd
                expected_s = end_s
            odd = None
        elif odd is not None and expected_s is not None:
            if abs(time_s - odd[1]) <= abs(time_s - expected_s) and odd[1] - expected_s < _LONGEST_GAP_S:
                yield odd
                expected_s = odd[1] + odd[0].samples / odd[0].sample_rate
            odd = None
        if frame is None:
            return
        if expected_s is None or abs(time_s - expected_s) > _ODD_STEP_S:
            odd = frame, time_s
            continue
        expected_s = time_s + frame.samples / frame.sample_rate
        yield frame, time_s
