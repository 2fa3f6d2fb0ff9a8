"""Vectors of one voice are found together, in a piece and over a whole video."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.types import Diarization, TimeSpan, VoiceTurn
from gpu_workers.speech.clustering import agglomerate, centres, link

SIZE = 32


def voices(count, seed=0):
    """Unit vectors at right angles."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(SIZE, count)))[0].T.astype(np.float32)


def heard(voice, times, seed, noise=0.12):
    """Noisy unit vectors of one voice; two of them have a cosine of about 0.7."""
    made = voice + noise * np.random.default_rng(seed).normal(size=(times, SIZE))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_as_many_clusters_are_found_as_there_are_voices(count):
    truth = np.repeat(np.arange(count), 20)
    vectors = np.concatenate([heard(voice, 20, seed) for seed, voice in enumerate(voices(count))])
    order = np.random.default_rng(1).permutation(len(truth))
    labels = agglomerate(vectors[order], [1.0] * len(order), 0.4)
    assert labels[0] == 0 and labels.max() == count - 1
    for voice in range(count):
        assert len(set(labels[truth[order] == voice])) == 1


def test_labels_are_numbered_by_first_appearance():
    a, b, c = voices(3)
    assert agglomerate(np.stack([b, a, b, c, a]), [1] * 5, 0.5).tolist() == [0, 1, 0, 2, 1]


@pytest.mark.parametrize("count", [0, 1])
def test_few_vectors_are_no_trouble(count):
    assert agglomerate(voices(3)[:count], [1.0] * count, 0.5).tolist() == [0] * count


def test_the_centre_of_a_voice_leans_to_what_lasts_longer():
    a, b = voices(2)
    centre = centres(np.stack([a, b]), [3.0, 1.0], np.array([0, 0]))[0]
    assert np.linalg.norm(centre) == pytest.approx(1.0)
    assert centre @ a == pytest.approx(3 * (centre @ b), rel=1e-4)


def piece(vectors, seconds):
    """A piece in which each voice has one turn."""
    at, turns = 0.0, []
    for voice, length in enumerate(seconds):
        turns.append(VoiceTurn(TimeSpan(at, at + length), voice))
        at += length
    return Diarization(tuple(turns), np.asarray(vectors, np.float32))


def test_a_voice_is_the_same_from_the_first_piece_to_the_hundredth():
    anna, bo, cem = voices(3)
    pieces = []
    for number in range(100):
        present = [(anna, 0), (bo, 1)] if number % 2 else [(bo, 1), (cem, 2)]
        pieces.append(piece([heard(v, 1, 10 * number + who, 0.06)[0] for v, who in present], [30.0, 20.0]))
    linked = link(pieces)
    assert len(linked.voices) == 3
    assert all(rows == linked.rows[1] for rows in linked.rows[1::2])
    assert all(rows == linked.rows[0] for rows in linked.rows[0::2])
    assert linked.rows[0][0] == linked.rows[1][1] == 0
    assert linked.seconds == pytest.approx([2500.0, 1000.0, 1500.0])
    assert float(linked.voices[0] @ bo) > 0.95


def test_a_sound_that_is_near_a_voice_is_taken_for_it_and_another_for_nobody():
    anna, bo, stranger = voices(3)
    near = 0.35 * anna + 0.93 * stranger
    linked = link([piece([anna, bo], [60.0, 60.0]), piece([near / np.linalg.norm(near)], [1.0])])
    assert linked.rows == [[0, 1], [0]]
    linked = link([piece([anna, bo], [60.0, 60.0]), piece([stranger], [1.0])])
    assert linked.rows == [[0, 1], [None]] and len(linked.voices) == 2


def test_who_speaks_shortly_in_a_short_video_is_still_somebody():
    assert link([piece(voices(1), [1.5])]).rows == [[0]]


def test_a_video_in_which_nobody_speaks_has_no_voices():
    linked = link([piece(np.zeros((0, SIZE)), [])])
    assert linked.rows == [[]] and len(linked.voices) == 0
