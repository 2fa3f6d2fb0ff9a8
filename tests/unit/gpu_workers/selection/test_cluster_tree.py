"""A tree of clusters spends frames where the question is answered."""

from __future__ import annotations

import numpy as np

from gpu_workers.selection.cluster_tree import ClusterTreeSelector, k_means
from tests.unit.gpu_workers.selection.made_up import Axes, axis, never, shown


def test_k_means_finds_clusters_that_are_there():
    random = np.random.default_rng(0)
    of = random.integers(5, size=200)
    rows = np.stack([axis(number) for number in of]) + 0.05 * random.normal(size=(200, 32))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    nearest, closeness = k_means(rows, 5)
    assert len({(a, b) for a, b in zip(of, nearest, strict=True)}) == 5
    assert closeness.min() > 0.9


def test_more_clusters_than_frames_are_no_trouble():
    assert len(set(k_means(np.stack([axis(0), axis(1)]), 8)[0])) == 2


def test_relevant_scenes_get_many_frames_and_others_one():
    random = np.random.default_rng(0)
    looks = [axis(number // 40) + 0.2 * random.normal(size=32) for number in range(400)]
    concepts = [(0.9 if number // 40 == 7 else 0.1) * axis(31) for number in range(400)]
    frames = shown([look.astype(np.float32) for look in looks], concepts)
    chosen = ClusterTreeSelector(Axes()).select("31", frames, 40, fetch=never)
    by_scene = np.bincount(np.array(chosen) // 40, minlength=10)
    assert by_scene[7] >= 10
    assert all(by_scene[scene] <= 6 for scene in range(10) if scene != 7)
    assert np.count_nonzero(by_scene) >= 8


def test_a_small_budget_goes_to_what_is_relevant():
    frames = shown([axis(number // 40) for number in range(400)])
    chosen = ClusterTreeSelector(Axes()).select("7", frames, 3, fetch=never)
    assert any(280 <= index < 320 for index in chosen)
