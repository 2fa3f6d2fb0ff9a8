"""How loud a video is over time, in as few numbers as a page can show. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.core.types import AudioMap


@dataclass(frozen=True, slots=True)
class Waveform:
    """The loudness of a sound track from its beginning, in equal steps."""

    step_s: float
    """Seconds that each peak stands for."""
    peaks: tuple[float, ...]
    """The loudest tenth of a second in each step: root mean square, full scale 1.0. Empty without sound."""


def waveform(sound: AudioMap, points: int) -> Waveform:
    """At most `points` peaks of a track; fewer when so few were measured."""
    measured = len(sound.loudness)
    count = min(points, measured)
    if not count:
        return Waveform(sound.step_s, ())
    starts = np.arange(count) * measured // count
    peaks = np.clip(np.maximum.reduceat(sound.loudness, starts), 0.0, 1.0)
    return Waveform(measured * sound.step_s / count, tuple(round(float(peak), 4) for peak in peaks))
