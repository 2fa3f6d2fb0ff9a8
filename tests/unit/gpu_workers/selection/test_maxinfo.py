"""MaxInfo finds the different scenes."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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


def test_three_frames_of_a_segment_are_chosen_in_all_eight_directions():
    """With rank 3, only three of the five scenes could be told apart."""
    frames, of = scenes([6, 6, 6, 6, 6], noise=0.3, seed=3)
    eight = theirs(frames, rank=8, tolerance=0.3, most=8)
    chosen = MaxInfoSelector(rank=8).select(frames, 3)
    assert set(chosen) < set(eight) and len(set(of[chosen])) == 3
    assert chosen != MaxInfoSelector(rank=3).select(frames, 3)


def test_a_large_budget_is_used_among_many_candidates():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(1000, 64)).astype(np.float32)
    frames = [FrameFeatures(float(second), vector, vector) for second, vector in enumerate(vectors)]
    assert len(MaxInfoSelector().select(frames, 200)) >= 150


def test_the_fast_form_only_drops_redundant_ones_of_the_even_frames():
    frames, of = scenes([40, 40, 40])
    even = UniformSelector().select(frames, 40)
    chosen = MaxInfoSelector(tolerance=1.0, form="fast").select(frames, 40)
    assert set(chosen) < set(even) and set(of[chosen]) == {0, 1, 2}


def theirs(frames, rank, tolerance, most, unit=False):
    """The published steps by other hands: numpy's decomposition and teneva's rectangular maxvol."""
    vectors = np.stack([frame.vector for frame in frames]).astype(np.float64)
    if unit:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    reduced = np.linalg.svd(vectors, full_matrices=False)[0][:, :rank]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import teneva
    rows, _ = teneva.maxvol_rect(reduced, e=tolerance, dr_max=min(most, len(frames)) - rank)
    return sorted(rows.tolist())


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(2, 60), min_size=4, max_size=12),
    seed=st.integers(0, 10**6),
    rank=st.sampled_from([4, 6, 8]),
    tolerance=st.sampled_from([0.15, 0.3, 0.6, 1.0]),
    unit=st.booleans(),
)
def test_the_slow_form_takes_the_frames_of_the_published_steps(lengths, seed, rank, tolerance, unit):
    frames, _ = scenes(lengths, noise=0.3, seed=seed)
    frames = [replace(one, vector=one.vector * (1 + number % 7)) for number, one in enumerate(frames)]
    assume(len(frames) > rank)
    ours = MaxInfoSelector(rank, tolerance, "slow", unit=unit).select(frames, 64)
    assert ours == theirs(frames, rank, tolerance, 64, unit)


@pytest.mark.parametrize("seed", range(5))
def test_the_fast_form_takes_the_frames_of_the_published_steps(seed):
    frames, _ = scenes([70, 50, 90, 40], noise=0.3, seed=seed)
    even = UniformSelector().select(frames, 64)
    expected = [even[row] for row in theirs([frames[index] for index in even], 8, 0.3, 64)]
    assert MaxInfoSelector(form="fast").select(frames, 64) == expected


def test_each_chunk_is_reduced_by_itself():
    frames, _ = scenes([50] * 10, noise=0.3)
    expected = [250 * part + row for part in (0, 1) for row in theirs(frames[250 * part : 250 * part + 250], 8, 0.3, 8)]
    assert MaxInfoSelector().select(frames, 16) == expected


def test_lengths_of_vectors_count_unless_they_are_made_equal():
    frames, _ = scenes([40, 40, 40], noise=0.3)
    longer = [replace(one, vector=one.vector * (1 + number % 5)) for number, one in enumerate(frames)]
    assert MaxInfoSelector(unit=True).select(longer, 8) == MaxInfoSelector(unit=True).select(frames, 8)
    assert MaxInfoSelector().select(longer, 8) != MaxInfoSelector().select(frames, 8)


def test_the_scene_form_visits_every_scene_of_a_long_video():
    frames, of = scenes([50] * 30, noise=0.05)
    assert set(of[MaxInfoSelector(form="scenes").select(frames, 60)]) == set(range(30))
    assert len(set(of[MaxInfoSelector(form="slow").select(frames, 60)])) < 30
