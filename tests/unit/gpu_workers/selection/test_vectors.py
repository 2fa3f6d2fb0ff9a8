"""Strongest directions block by block are those of the whole; sketches keep cosines."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_workers.selection import vectors
from tests.unit.gpu_workers.selection.made_up import shown


def rows(count, size, seed=0):
    return np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)


@pytest.mark.parametrize(("count", "size"), [(40, 90), (90, 40), (300, 20)])
def test_directions_are_the_left_singular_vectors(count, size, monkeypatch):
    monkeypatch.setattr(vectors, "BLOCK", 100)
    given = rows(count, size)
    found, strengths = vectors.directions(shown(given), range(count), 5)
    expected, values, _ = np.linalg.svd(given.astype(float), full_matrices=False)
    assert np.allclose(np.abs(found.T @ expected[:, :5]), np.eye(5), atol=1e-6)
    assert np.allclose(strengths, values[:5])


def test_directions_that_are_noise_are_left_out():
    given = np.outer(np.ones(30), rows(1, 16)[0]).astype(np.float32)
    assert vectors.directions(shown(given), range(30), 5)[0].shape == (30, 1)
    assert vectors.directions(shown(np.zeros((30, 16), np.float32)), range(30), 5)[0].shape == (30, 0)


def test_a_sketch_of_long_vectors_keeps_their_cosines(monkeypatch):
    monkeypatch.setattr(vectors, "BLOCK", 7)
    given = rows(40, 1280) + rows(1, 1280, seed=1)
    sketch = vectors.sketch(shown(given), range(40))
    unit = given / np.linalg.norm(given, axis=1, keepdims=True)
    assert sketch.shape == (40, vectors.SKETCH)
    assert np.abs(sketch @ sketch.T - unit @ unit.T).max() < 0.35
    assert np.abs(sketch @ sketch.T - unit @ unit.T).mean() < 0.08


def test_a_sketch_of_short_vectors_is_exact():
    given = rows(10, 16)
    unit = given / np.linalg.norm(given, axis=1, keepdims=True)
    assert np.allclose(vectors.sketch(shown(given), range(10)), unit, atol=1e-6)
