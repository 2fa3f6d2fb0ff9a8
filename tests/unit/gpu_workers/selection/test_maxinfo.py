"""MaxInfo finds the different scenes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from app.core.types import FrameFeatures
from gpu_workers.selection.maxinfo import CHUNK, MaxInfoSelector
from gpu_workers.selection.uniform import UniformSelector


def scenes(lengths, size=64, noise=0.01, seed=0):
    """Frames of several scenes and the scene of each."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(lengths), size))
    of = np.repeat(np.arange(len(lengths)), lengths)
    vectors = (centres[of] + noise * rng.normal(size=(len(of), size))).astype(np.float32)
    return [FrameFeatures(float(second), vector, vector) for second, vector in enumerate(vectors)], of


def test_a_short_scene_is_found_where_even_distances_miss_it():
    frames, of = scenes([60, 2, 60, 1, 77])
    assert set(of[MaxInfoSelector().select(frames, 5)]) == {0, 1, 2, 3, 4}
    assert set(of[UniformSelector().select(frames, 5)]) != {0, 1, 2, 3, 4}


def test_a_still_scene_needs_one_frame_when_it_may_make_up_all_others():
    frames, _ = scenes([30], noise=0.0)
    assert len(MaxInfoSelector(tolerance=1.0).select(frames, 8)) == 1


@pytest.mark.parametrize("count", [CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 3])
def test_a_short_scene_is_found_among_many_chunks(count):
    frames, of = scenes([count // 2, 2, count - count // 2 - 2])
    assert set(of[MaxInfoSelector().select(frames, 12)]) == {0, 1, 2}


def test_a_budget_below_the_rank_is_kept():
    frames, of = scenes([20, 20, 20])
    chosen = MaxInfoSelector(rank=8).select(frames, 2)
    assert len(chosen) == 2 and len(set(of[chosen])) == 2


def test_a_large_budget_is_used_among_many_candidates():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(1000, 64)).astype(np.float32)
    frames = [FrameFeatures(float(second), vector, vector) for second, vector in enumerate(vectors)]
    assert len(MaxInfoSelector().select(frames, 200)) >= 150


def test_the_fast_form_only_drops_redundant_ones_of_the_even_frames():
    frames, of = scenes([40, 40, 40])
    even = UniformSelector().select(frames, 12)
    chosen = MaxInfoSelector(tolerance=1.0, form="fast").select(frames, 12)
    assert set(chosen) < set(even) and set(of[chosen]) == {0, 1, 2}


def test_the_slow_form_takes_the_rows_that_a_full_decomposition_gives():
    frames, _ = scenes([30, 40, 50, 60, 2], noise=0.3)
    vectors = np.stack([frame.vector for frame in frames]).astype(np.float64)
    reduced = np.linalg.svd(vectors, full_matrices=False)[0][:, :4]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import teneva
    theirs, _ = teneva.maxvol_rect(reduced, e=0.6, dr_max=20)
    assert MaxInfoSelector(rank=4, tolerance=0.6, form="slow").select(frames, 24) == sorted(theirs.tolist())


def test_the_scene_form_visits_every_scene_of_a_long_video():
    frames, of = scenes([50] * 30, noise=0.05)
    assert set(of[MaxInfoSelector(form="scenes").select(frames, 60)]) == set(range(30))
    assert len(set(of[MaxInfoSelector(form="slow").select(frames, 60)])) < 30
