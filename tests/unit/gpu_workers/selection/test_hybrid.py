"""Relevance times variety."""

from __future__ import annotations

import numpy as np

from gpu_workers.selection.hybrid import HybridSelector, greatest_volume
from gpu_workers.selection.topk import TopKSelector
from tests.unit.gpu_workers.selection.made_up import Axes, axis, never, shown


def test_the_rows_taken_are_the_pivots_of_orthogonal_projections():
    rows = np.random.default_rng(3).normal(size=(40, 12)).astype(np.float32)
    rest, expected = rows.astype(float).copy(), []
    for _ in range(8):
        best = int(np.square(rest).sum(axis=1).argmax())
        expected.append(best)
        unit = rest[best] / np.linalg.norm(rest[best])
        rest -= np.outer(rest @ unit, unit)
    assert greatest_volume(rows, 8) == expected


def test_repeats_are_not_taken_even_if_there_is_room():
    rows = np.repeat(np.eye(3, dtype=np.float32), 5, axis=0)
    assert sorted(greatest_volume(rows, 9)) == [0, 5, 10]


def crowd():
    """A long decoy that is a little like the question, a short needle that is as much like it, and other scenes."""
    random = np.random.default_rng(0)
    scenes = [axis(1 + number // 10) for number in range(100)]
    looks = [*scenes, *[axis(20)] * 30, *[axis(21)] * 2]
    concepts = [*[0.1 * axis(5)] * 100, *[0.62 * axis(0)] * 30, *[0.6 * axis(0)] * 2]
    noisy = [(look + 0.05 * random.normal(size=32)).astype(np.float32) for look in looks]
    return shown(noisy, concepts)


def test_a_needle_is_found_beside_a_long_decoy_that_fills_the_nearest_frames():
    frames = crowd()
    hybrid = HybridSelector(Axes()).select("0", frames, 6, fetch=never)
    nearest = TopKSelector(Axes()).select("0", frames, 6, fetch=never)
    assert {130, 131} & set(hybrid) and not {130, 131} & set(nearest)
    assert any(100 <= index < 130 for index in hybrid)


def test_a_question_that_tells_nothing_leaves_variety():
    frames = crowd()
    chosen = HybridSelector(Axes()).select("30", frames, 12, fetch=never)
    assert len({min(index // 10, 10) for index in chosen if index < 130}) == 11
