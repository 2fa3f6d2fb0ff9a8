"""Every Transcriber."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.ports import Transcriber
from app.core.settings import Settings, Weights
from app.core.types import TimeSpan, Transcript
from gpu_workers.registry import Workers
from gpu_workers.speech.fakes import FakeTranscriber
from gpu_workers.speech.whisper import WhisperTranscriber
from gpu_workers.weights import parts
from tests.tiny_speech import wav2vec2, whisper

RATE = 16_000


def tiny_by_name(folder, implementation):
    """A Whisper from a folder that the settings name, with a folder of an alignment model."""
    source = parts.WHISPER_BASE.targets[1].sources[0].find()
    if source is None:
        pytest.skip("the package of Whisper base is missing")
    for name in ("whisper", "letters"):
        (folder / name).mkdir()
    letters = {"en": str(wav2vec2(folder / "letters"))}
    named = Weights(transcriber=str(whisper(folder / "whisper", source)), aligners=letters)
    return Workers(Settings(weights=named)).named("transcriber", implementation)


@pytest.fixture(
    scope="module", params=["fake", "faster-whisper", "whisperx", pytest.param("base", marks=pytest.mark.slow)]
)
def transcriber(request, tmp_path_factory):
    if request.param in ("faster-whisper", "whisperx"):
        return tiny_by_name(tmp_path_factory.mktemp("tiny"), request.param)
    return {"fake": FakeTranscriber, "base": WhisperTranscriber}[request.param].from_settings(
        Settings(), Workers(Settings())
    )


def buzz(seconds):
    """A loud voice-like sound: pulses through two formants, with syllables."""
    at = np.arange(int(seconds * RATE)) / RATE
    pulses = np.sin(2 * np.pi * 120 * at) + 0.5 * np.sin(2 * np.pi * 700 * at) * np.sin(2 * np.pi * 120 * at)
    return (0.2 * pulses * (np.sin(2 * np.pi * 4 * at) > 0)).astype(np.float32)


def test_it_plays_the_port_and_names_its_model(transcriber):
    assert isinstance(transcriber, Transcriber)
    assert transcriber.model == transcriber.model and transcriber.model


@pytest.mark.parametrize("seconds", [0, 1 / RATE, 0.05, 3])
def test_silence_of_any_length_gives_no_sentence(transcriber, seconds):
    silence = np.zeros(int(seconds * RATE), np.float32)
    assert transcriber.transcribe(silence, languages=["en"]) == Transcript((), "en")
    assert transcriber.transcribe(silence) == Transcript((), None)


def test_every_sentence_names_a_language_that_may_be_spoken(transcriber):
    heard = transcriber.transcribe(buzz(6.0), languages=["de", "en"], expected="de", terms=["Zoltan Kvarnholm"])
    assert {one.language for one in heard.utterances} <= {"de", "en"}
    assert heard.language in {one.language for one in heard.utterances} | {None}


@pytest.mark.parametrize("seconds", [0.03, 1.0, 6.0])
def test_whatever_it_hears_lies_inside_the_sound_in_time_order(transcriber, seconds):
    sound = np.concatenate([buzz(seconds), np.zeros(RATE, np.float32), buzz(seconds)])
    heard = transcriber.transcribe(sound, languages=["en"]).utterances
    whole = TimeSpan(0.0, len(sound) / RATE)
    assert [u.span.start_s for u in heard] == sorted(u.span.start_s for u in heard)
    for utterance in heard:
        assert utterance.text.strip()
        assert 0 <= utterance.span.start_s <= utterance.span.end_s <= whole.end_s + 1e-6
        assert utterance.span == TimeSpan(utterance.words[0].span.start_s, utterance.words[-1].span.end_s)


def test_the_same_sound_gives_the_same_words_and_stays_as_it_was(transcriber):
    sound = buzz(2.0)
    before = sound.copy()
    for translate in (False, True):
        first = transcriber.transcribe(sound, languages=["en"], translate=translate)
        assert first == transcriber.transcribe(sound, languages=["en"], translate=translate)
    assert np.array_equal(sound, before)
