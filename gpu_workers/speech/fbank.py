"""Log mel energies, computed like Kaldi's fbank features, on which speaker models are trained. Knows no model.

16 kHz sound, Povey windows of 25 ms every 10 ms, mean subtraction per window, first-order pre-emphasis 0.97, and
80 triangular bands from 20 Hz to 8 kHz. The tests compare it with torchaudio's port of Kaldi; with numpy, torch need
not be loaded.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

from gpu_workers.speech.vad import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BANDS = 80
_LENGTH, _STEP, _FFT = 400, 160, 512
_LOWEST_HZ = 20.0
_EMPHASIS = 0.97
_POVEY = 0.85
"""Kaldi's window is a Hann window to this power."""


def fbank(sounds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features of several sounds of equal length, shape (n, samples) to (n, frames, BANDS); whole windows only."""
    import numpy as np

    frames = np.lib.stride_tricks.sliding_window_view(sounds, _LENGTH, axis=-1)[:, ::_STEP]
    frames = frames - frames.mean(-1, keepdims=True)
    before = np.concatenate([frames[..., :1], frames[..., :-1]], -1)
    window = (np.hanning(_LENGTH) ** _POVEY).astype(np.float32)
    spectrum = np.fft.rfft((frames - _EMPHASIS * before) * window, _FFT)[..., :-1]
    power = spectrum.real**2 + spectrum.imag**2
    energies = power.astype(np.float32) @ _bands()
    result: NDArray[np.float32] = np.log(np.maximum(energies, np.finfo(np.float32).eps))
    return result


@functools.cache
def _bands() -> NDArray[np.float32]:
    """The weight of each frequency in each band, shape (_FFT / 2, BANDS)."""
    import numpy as np

    edges = np.linspace(_mel(_LOWEST_HZ), _mel(RATE / 2), BANDS + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    mels = np.array([_mel(bin * RATE / _FFT) for bin in range(_FFT // 2)])[:, None]
    rising, falling = (mels - left) / (centre - left), (right - mels) / (right - centre)
    bands: NDArray[np.float32] = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    return bands


def _mel(hertz: float) -> float:
    return 1127.0 * math.log(1.0 + hertz / 700.0)
