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


@pytest.mark.parametrize("keep", [0.5, 0.25, 0.1, 0.03])
def test_about_the_share_stays(keep):
    frames = shots([12, 9, 4])
    kept = pruned(frames, keep)
    share = sum(len(stays) for stays, _ in kept) / sum(max(1, int(keep * 20)) for _ in frames)
    assert 0.8 <= share <= 1
    for stays, vectors in kept:
        assert stays.tolist() == sorted(set(stays.tolist())) and vectors.shape == (len(stays), 16)


def published(frames, keep):
    """One segment as the published code prunes it, in loops: numbers of tokens that stay, and their vectors."""
    import torch

    count, size = frames[0].shape
    total = int(count * keep) * len(frames)
    context = max(int(total * 0.4), 1)
    salient_of, rest = divmod(total - context, len(frames))
    last = len(frames) - 1
    anchored = [at for at in range(last, -1, -1) if (last - at) % 4 == 0]
    context_of, more = divmod(context, len(anchored))
    everything = torch.cat(frames)
    salient, groups = [], []
    for at, frame in enumerate(frames):
        middle = torch.nn.functional.normalize(torch.nn.functional.normalize(frame, dim=1).mean(0), dim=0)
        away = [-float(torch.nn.functional.normalize(token, dim=0) @ middle) for token in frame]
        ranked = sorted(range(count), key=lambda token: -away[token])
        salient += [at * count + token for token in ranked[: salient_of + (at < rest)]]
    for order, at in enumerate(anchored):
        free = [token for token in range(count) if at * count + token not in salient]
        far = [[float((frames[at][a] - frames[at][b]).norm()) / size**0.5 for b in free] for a in free]
        density = [2.718281828 ** -(sum(d * d for d in sorted(row)[:4]) / 4) for row in far]
        furthest = max(map(max, far))
        score = [
            density[i] * min([far[i][j] for j in range(len(free)) if density[j] > density[i]] or [furthest])
            for i in range(len(free))
        ]
        best = sorted(range(len(free)), key=lambda i: -score[i])[: context_of + (order < more)]
        groups.append([at * count + free[i] for i in best])
    vectors = {token: everything[token] for token in salient}
    for group in groups:
        taken = {token: [] for token in group}
        for token in range(len(everything)):
            if token not in salient and token not in group:
                like = [float(torch.cosine_similarity(everything[token], everything[g], dim=0)) for g in group]
                taken[group[like.index(max(like))]].append(everything[token])
        for token, others in taken.items():
            weight = max(1 / (len(others) + 1), 0.6)
            mean = torch.stack(others).mean(0) if others else everything[token]
            vectors[token] = weight * everything[token] + (1 - weight) * mean
    return vectors


@pytest.mark.parametrize(("length", "keep", "seed"), [(1, 0.5, 0), (3, 0.3, 1), (6, 0.25, 2)])
def test_a_segment_is_pruned_as_published(length, keep, seed):
    import torch

    frames = [noise(20, 16, seed=100 * seed + number) for number in range(length)]
    expected = published(frames, keep)
    kept = token_pruning._segment(frames, keep)
    places = [20 * number + int(place) for number, (stays, _) in enumerate(kept) for place in stays]
    assert places == sorted(expected)
    vectors = torch.cat([vectors for _, vectors in kept])
    assert torch.allclose(vectors, torch.stack([expected[place] for place in places]), atol=1e-5)


def test_of_the_tokens_that_stay_sixty_percent_stand_out_and_forty_are_peaks_of_every_fourth_frame():
    counts = [len(stays) for stays, _ in token_pruning._segment([noise(100, 16, seed=n) for n in range(8)], 0.25)]
    assert counts == [15, 15, 15, 15 + 40, 15, 15, 15, 15 + 40]


def test_frames_are_cut_where_they_change():
    cuts = {first for first, _ in segments(shots([12, 9, 20]))}
    assert {0, 12, 21} <= cuts and len(cuts) == token_pruning.SEGMENTS


def test_a_look_at_few_like_frames_is_one_segment_and_of_unlike_ones_each_is_its_own():
    assert segments(shots([3])) == [(0, 3)]
    assert segments(shots([8])) in [[(0, at), (at, 8)] for at in range(1, 8)]
    assert segments(shots([1, 1, 1])) == [(0, 1), (1, 2), (2, 3)]
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


def test_the_same_frames_give_the_same_choice():
    import torch

    for (a, b), (c, d) in zip(pruned(shots([9, 5]), 0.3), pruned(shots([9, 5]), 0.3), strict=True):
        assert torch.equal(a, c) and torch.equal(b, d)
