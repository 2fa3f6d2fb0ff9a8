"""Every FrameSelector."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ports import FrameSelector
from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.fakes import FakeFrameSelector
from gpu_workers.selection.maxinfo import MaxInfoSelector
from gpu_workers.selection.uniform import UniformSelector

CLASSES = [UniformSelector, MaxInfoSelector, FakeFrameSelector]


def made(kind) -> FrameSelector:
    return kind.from_settings(Settings(), None)


def features(vectors, contrasts=None) -> list[FrameFeatures]:
    contrasts = [0.3] * len(vectors) if contrasts is None else contrasts
    return [
        FrameFeatures(float(second), vector, vector, contrast=float(contrast))
        for second, (vector, contrast) in enumerate(zip(vectors, contrasts, strict=True))
    ]


def noise(count, size=16, seed=0):
    return np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)


@pytest.mark.parametrize("kind", CLASSES)
class TestFrameSelector:
    def test_it_plays_the_port(self, kind):
        assert isinstance(made(kind), FrameSelector) and made(kind).name

    @given(count=st.integers(0, 150), budget=st.integers(0, 40), seed=st.integers(0, 9), blanks=st.floats(0, 1))
    def test_choices_ascend_fit_the_budget_and_are_never_blank(self, kind, count, budget, seed, blanks):
        contrasts = np.where(np.random.default_rng(seed).random(count) < blanks, 0.0, 0.2)
        candidates = features(noise(count, seed=seed), contrasts)
        chosen = made(kind).select(candidates, budget)
        assert chosen == sorted(set(chosen)) and len(chosen) <= budget
        assert all(0 <= index < count for index in chosen)
        if contrasts.any():
            assert all(contrasts[index] > 0 for index in chosen)
        assert bool(chosen) == (count > 0 and budget > 0)
        assert made(kind).select(candidates, budget) == chosen

    def test_equal_frames_and_zero_vectors_are_no_trouble(self, kind):
        for vectors in (np.ones((40, 8), np.float32), np.zeros((40, 8), np.float32)):
            assert 1 <= len(made(kind).select(features(vectors), 5)) <= 5

    def test_a_hundred_thousand_candidates_take_seconds(self, kind):
        candidates = features(noise(100_000, size=64))
        started = time.process_time()
        assert 1 <= len(made(kind).select(candidates, 64)) <= 64
        assert time.process_time() - started < 20
