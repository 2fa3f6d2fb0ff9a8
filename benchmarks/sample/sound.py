"""The sound of a shot: narration, a soft made-up music, or true silence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.sample.timeline import FPS, Shot
from benchmarks.sample.voice import RATE, samples

PER_FRAME = RATE // FPS
"""Sound samples that belong to one video frame: a whole number."""
_CHORDS = ((220.0, 261.63, 329.63), (174.61, 220.0, 261.63), (196.0, 246.94, 293.66), (164.81, 207.65, 246.94))
_CHORD_S = 3.0
_LOUDNESS = 0.16


def render(shot: Shot) -> NDArray[np.int16]:
    """Mono samples at RATE for the whole shot: `shot.frames * PER_FRAME` of them."""
    length = shot.frames * PER_FRAME
    offset = shot.first_frame * PER_FRAME
    if shot.scene.sound == "music":
        return _music(offset, length)
    track = np.zeros(length, dtype=np.int16)
    for line in shot.lines:
        sound = samples(line.spoken.path)
        at = round(line.sound_s * RATE) - offset
        track[at : at + len(sound)] = sound[: length - at]
    return track


def _music(offset: int, length: int) -> NDArray[np.int16]:
    """Slow chords that swell and fade; the same at the same time of the video, so shots join."""
    time = (offset + np.arange(length)) / RATE
    chord = (time / _CHORD_S).astype(int) % len(_CHORDS)
    swell = np.sin(np.pi * (time % _CHORD_S) / _CHORD_S) ** 0.5
    wave = np.zeros(length)
    for voice in range(3):
        pitch = np.asarray([notes[voice] for notes in _CHORDS])[chord]
        phase = 2 * np.pi * pitch * (time % _CHORD_S)
        wave += np.sin(phase) + 0.3 * np.sin(2 * phase)
    return np.asarray(wave / 4 * swell * _LOUDNESS * np.iinfo(np.int16).max, dtype=np.int16)
