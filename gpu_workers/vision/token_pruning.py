"""Fewer picture tokens for a language model, after FastVID (arXiv 2503.11187), chosen before the model reads them.

A prompt's frames are cut into segments of like frames (DySeg). Of each frame some tokens stay because they stand out
(FastVID asks the attention of a [CLS] token; the towers here have none, so that the distance from the frame's mean
takes its place). The rest of the budget goes to every fourth frame of a segment, to tokens that are peaks of density
and far from denser ones; every token that is dropped is mixed into the nearest of these (STPrune). Kept tokens keep
their places and positions, so that a model's sense of time and place stays right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

SEGMENTS = 8
"""A prompt's frames are cut at their seven largest changes at least."""
ALIKE = 0.9
"""Neighbours with a lower cosine belong to different segments."""
STANDING_OUT = 0.4
"""The share of the budget for tokens that stand out in their frame."""
ANCHOR_EVERY = 4
"""Of a segment, frames of which density peaks are kept."""
NEIGHBOURS = 4
OWN = 0.6
"""The weight of a kept token against the mean of those mixed into it."""


def pruned(frames: Sequence[Any], keep: float) -> list[tuple[Any, Any]]:
    """For each frame of a prompt, tokens of shape (n, d): the places that stay, ascending, and their vectors.

    A share `keep` of all tokens stays, and at least one of each frame; 1.0 changes nothing.
    """
    results: list[tuple[Any, Any]] = []
    for first, last in segments(frames):
        results += _segment(frames[first:last], keep)
    return results


def segments(frames: Sequence[Any]) -> list[tuple[int, int]]:
    """Runs of like frames, as first and past the last."""
    import torch
    from torch.nn import functional

    if len(frames) < 2:
        return [(0, len(frames))] if len(frames) else []
    means = functional.normalize(torch.stack([frame.float().mean(dim=0) for frame in frames]), dim=1)
    likeness = (means[1:] * means[:-1]).sum(dim=1)
    least = likeness.topk(min(SEGMENTS - 1, len(likeness)), largest=False).indices
    cuts = set((least + 1).tolist()) | set((torch.nonzero(likeness < ALIKE).flatten() + 1).tolist())
    return list(pairwise([0, *sorted(cuts), len(frames)]))


def _segment(frames: Sequence[Any], keep: float) -> list[tuple[Any, Any]]:
    import torch

    budgets = [max(1, round(keep * len(frame))) for frame in frames]
    outstanding = [max(1, int(STANDING_OUT * budget)) for budget in budgets]
    stays = [_standing_out(frame, count) for frame, count in zip(frames, outstanding, strict=True)]
    left = sum(budgets) - sum(outstanding)
    anchors: list[Any] = [torch.zeros_like(mask) for mask in stays]
    for number, count in _shared(left, [int((~mask).sum()) for mask in stays]):
        free = torch.nonzero(~stays[number]).flatten()
        anchors[number][free[_peaks(frames[number][free], count)]] = True
    mixed = _mixed(frames, stays, anchors)
    return [
        (torch.nonzero(stay | anchor).flatten(), vectors[stay | anchor])
        for vectors, stay, anchor in zip(mixed, stays, anchors, strict=True)
    ]


def _standing_out(frame: Any, count: int) -> Any:
    """A mask of the tokens that differ most from their frame's mean."""
    import torch
    from torch.nn import functional

    vectors = functional.normalize(frame.float(), dim=1)
    away = -(vectors @ functional.normalize(vectors.mean(dim=0), dim=0))
    mask = torch.zeros(len(frame), dtype=torch.bool, device=frame.device)
    mask[away.topk(count).indices] = True
    return mask


def _shared(total: int, free: Sequence[int]) -> Iterator[tuple[int, int]]:
    """A number of tokens over every fourth frame, or more often where those have not enough: frame and share."""
    for every in range(ANCHOR_EVERY, 0, -1):
        chosen = range(0, len(free), every)
        if every == 1 or sum(free[number] for number in chosen) >= total:
            break
    for place, number in enumerate(chosen):
        later = sum(free[other] for other in chosen[place + 1 :])
        share = min(free[number], max(-(-total // (len(chosen) - place)), total - later))
        total -= share
        if share:
            yield number, share


def _peaks(tokens: Any, count: int) -> Any:
    """Places of the tokens with the highest density times distance to the nearest denser token."""
    import torch
    from torch.nn import functional

    if count >= len(tokens):
        return torch.arange(len(tokens), device=tokens.device)
    vectors = functional.normalize(tokens.float(), dim=1)
    far = torch.cdist(vectors, vectors)
    near = far.topk(min(NEIGHBOURS + 1, len(tokens)), largest=False).values[:, 1:]
    density = torch.exp(-near.square().mean(dim=1))
    # Equal densities would hide each other; the earlier counts as the denser.
    order = torch.arange(len(tokens), device=tokens.device)
    denser = (density[None, :] > density[:, None]) | (
        (density[None, :] == density[:, None]) & (order[None, :] < order[:, None])
    )
    apart = torch.where(denser, far, torch.inf).min(dim=1).values
    apart = torch.where(apart.isinf(), far.max(), apart)
    return (density * apart).topk(count).indices


def _mixed(frames: Sequence[Any], stays: Sequence[Any], anchors: Sequence[Any]) -> list[Any]:
    """The frames' tokens, with those that are dropped mixed into the anchors most like them."""
    import torch
    from torch.nn import functional

    vectors, anchor = torch.cat(list(frames)), torch.cat(list(anchors))
    dropped = ~(torch.cat(list(stays)) | anchor)
    if not anchor.any() or not dropped.any():
        return list(frames)
    unit = functional.normalize(vectors.float(), dim=1)
    nearest = (unit[dropped] @ unit[anchor].T).argmax(dim=1)
    kept = vectors[anchor].float()
    counts = torch.zeros(len(kept), device=kept.device).index_add_(0, nearest, torch.ones_like(nearest).float())
    sums = torch.zeros_like(kept).index_add_(0, nearest, vectors[dropped].float())
    means = sums / counts.clamp(min=1)[:, None]
    mixed = vectors.clone()
    mixed[anchor] = torch.where(counts[:, None] > 0, OWN * kept + (1 - OWN) * means, kept).to(vectors.dtype)
    return list(mixed.split([len(frame) for frame in frames]))
