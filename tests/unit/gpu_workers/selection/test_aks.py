"""AKS halves a video until a part has clear peaks."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from gpu_workers.selection.aks import AKSSelector, best_of_parts
from tests.unit.gpu_workers.selection.made_up import Axes, axis, never, shown


def published(scores, count, clear=0.8, most=5):
    """The published recursion in other words: lists of scores with their places, judged and halved."""

    def judge(part, places, depth):
        best = heapq.nlargest(count, range(len(part)), part.__getitem__)
        whole = np.mean([part[i] for i in best]) - np.mean(part) > clear or depth >= most
        if whole:
            wanted = int(count / 2**depth)
            return [places[i] for i in heapq.nlargest(wanted, range(len(part)), part.__getitem__)]
        half = len(part) // 2
        return judge(part[:half], places[:half], depth + 1) + judge(part[half:], places[half:], depth + 1)

    return sorted(judge(list(scores), list(range(len(scores))), 0))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [32, 64])
def test_it_takes_the_frames_of_the_published_recursion(seed, count):
    random = np.random.default_rng(seed)
    scores = random.random(1800) * random.choice([0.1, 1.0])
    for start in random.integers(0, 1700, 3):
        scores[start : start + random.integers(2, 90)] += 2
    scores = (scores - scores.min()) / np.ptp(scores)
    assert sorted(best_of_parts(scores, count, clear=0.8, depth=5)) == published(scores, count)


def test_one_clear_peak_takes_the_whole_budget_and_a_flat_video_is_covered():
    peak = shown([axis(0)] * 600, [axis(1) * (1.0 if 300 <= s < 316 else 0.0) for s in range(600)])
    assert AKSSelector(Axes()).select("1", peak, 16, fetch=never) == list(range(300, 316))
    flat = shown([axis(0)] * 640, [axis(1) * (0.5 + 0.01 * (s % 7)) for s in range(640)])
    chosen = np.array(AKSSelector(Axes()).select("1", flat, 32, fetch=never))
    assert np.bincount(chosen // 20).tolist() == [1] * 32


def test_a_budget_below_the_number_of_parts_is_used():
    flat = shown([axis(0)] * 640, [axis(1) * (0.5 + 0.01 * (s % 7)) for s in range(640)])
    assert len(AKSSelector(Axes()).select("1", flat, 8, fetch=never)) == 8
    assert len(AKSSelector(Axes()).select("1", flat, 1, fetch=never)) == 1
