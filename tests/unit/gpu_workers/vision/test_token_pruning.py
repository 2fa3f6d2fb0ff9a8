"""Which tokens of frames stay, as FastVID chooses them."""

from __future__ import annotations

import pytest

from gpu_workers.vision import token_pruning
from gpu_workers.vision.token_pruning import pruned, segments


def noise(*shape, seed=0):
    import torch

    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def shots(lengths, tokens=20, size=16):
    """Frames that are nearly alike inside a shot, and unlike those of other shots."""
    frames = []
    for shot, length in enumerate(lengths):
        scene = noise(tokens, size, seed=shot) + 3 * noise(1, size, seed=100 + shot)
        frames += [scene + 0.01 * noise(tokens, size, seed=1000 * shot + number) for number in range(length)]
    return frames


def test_everything_stays_and_nothing_changes_at_a_share_of_one():
    import torch

    frames = shots([12, 9])
    for frame, (stays, vectors) in zip(frames, pruned(frames, 1.0), strict=True):
        assert stays.tolist() == list(range(20))
        assert torch.equal(vectors, frame)


@pytest.mark.parametrize("keep", [0.9, 0.5, 0.25, 0.1, 0.03])
def test_about_the_share_stays_with_at_least_one_of_each_frame(keep):
    frames = shots([12, 9, 4])
    kept = pruned(frames, keep)
    assert all(len(stays) >= 1 for stays, _ in kept)
    assert sum(len(stays) for stays, _ in kept) == sum(max(1, round(keep * 20)) for _ in frames)
    for stays, vectors in kept:
        assert stays.tolist() == sorted(set(stays.tolist())) and vectors.shape == (len(stays), 16)


def test_of_a_segment_every_fourth_frame_keeps_most():
    # Seven cuts are always made; of 60 like frames the segments are still longer than four.
    frames = shots([60])
    counts = [len(stays) for stays, _ in pruned(frames, 0.2)]
    longest = max(segments(frames), key=lambda run: run[1] - run[0])
    inside = counts[longest[0] : longest[1]]
    assert inside[0] > 2 * inside[1] and inside[4] > 2 * inside[3]


def test_frames_are_cut_where_they_change():
    cuts = {first for first, _ in segments(shots([12, 9, 20]))}
    assert {0, 12, 21} <= cuts and len(cuts) == token_pruning.SEGMENTS


def test_few_frames_are_segments_of_their_own_and_none_are_none():
    assert segments(shots([3])) == [(0, 1), (1, 2), (2, 3)]
    assert segments([]) == [] and pruned([], 0.5) == []


def test_of_tokens_in_groups_one_of_each_is_a_peak():
    import torch

    centres = torch.eye(4) * 5
    tokens = torch.cat([centre + 0.05 * noise(6, 4, seed=number) for number, centre in enumerate(centres)])
    assert sorted(place // 6 for place in token_pruning._peaks(tokens, 4).tolist()) == [0, 1, 2, 3]


def test_equal_tokens_are_no_trouble():
    import torch

    kept = pruned([torch.ones(9, 4)] * 10, 0.3)
    assert all(torch.isfinite(vectors).all() and len(stays) for stays, vectors in kept)


def test_dropped_tokens_are_mixed_into_the_nearest_kept_one():
    import torch

    frame = torch.tensor([[1.0, 0.0], [0.8, 0.1], [0.0, 1.0], [0.0, 0.6]])
    stays = torch.zeros(4, dtype=torch.bool)
    anchors = torch.tensor([True, False, True, False])
    (mixed,) = token_pruning._mixed([frame], [stays], [anchors])
    assert mixed[0].tolist() == pytest.approx([0.6 + 0.4 * 0.8, 0.4 * 0.1])
    assert mixed[2].tolist() == pytest.approx([0.0, 0.6 + 0.4 * 0.6])


@pytest.mark.parametrize(("total", "free"), [(10, [4, 4, 4, 4, 4]), (40, [9, 9, 9, 9, 9]), (3, [9]), (0, [5, 5])])
def test_shares_add_up_and_fit(total, free):
    shares = dict(token_pruning._shared(total, free))
    assert sum(shares.values()) == total
    assert all(share <= free[number] for number, share in shares.items())


def test_the_same_frames_give_the_same_choice():
    import torch

    for (a, b), (c, d) in zip(pruned(shots([9, 5]), 0.3), pruned(shots([9, 5]), 0.3), strict=True):
        assert torch.equal(a, c) and torch.equal(b, d)
