"""The features of speaker models are Kaldi's."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_workers.speech.fbank import BANDS, fbank
from gpu_workers.speech.vad import RATE


@pytest.mark.parametrize("seconds", [0.025, 0.5, 1.5])
def test_they_equal_those_of_torchaudio(seconds):
    torch = pytest.importorskip("torch")
    from torchaudio.compliance import kaldi

    made = np.random.default_rng(3)
    at = np.arange(round(seconds * RATE)) / RATE
    sounds = np.stack([made.normal(size=at.size) * 0.1, 0.3 * np.sin(2 * np.pi * 200 * at) + 0.01]).astype(np.float32)
    found = fbank(sounds)
    for sound, features in zip(sounds, found, strict=True):
        theirs = kaldi.fbank(torch.from_numpy(sound[None]), num_mel_bins=BANDS, dither=0.0, sample_frequency=RATE)
        assert features.shape == tuple(theirs.shape)
        assert np.abs(features - theirs.numpy()).max() < 0.02


def test_silence_has_the_lowest_energy_and_no_infinity():
    assert np.isfinite(fbank(np.zeros((1, RATE), np.float32))).all()
