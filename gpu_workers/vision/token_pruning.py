"""Fewer picture tokens for a language model, after FastVID (arXiv 2503.11187), chosen before the model reads them.

A prompt's frames are cut into segments of like frames (DySeg). In each segment, 60 % of the tokens that stay are those
that stand out in their frame, and 40 % are peaks of density in its last frame and every fourth before it; all other
tokens are mixed into the nearest of these peaks (STPrune). FastVID measures salience by the attention of the vision
tower. These towers do not expose it, so a token's distance from the mean of its frame is used instead. Tokens that stay
keep their places and positions, so that a model's sense of time and place stays right.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

SEGMENTS, FRAMES_OF_A_SEGMENT = 8, 4
"""A prompt's frames are cut at their largest changes: 8 segments of 32 frames or more, as published; fewer of fewer."""
ALIKE = 0.9
"""Neighbours with a lower cosine belong to different segments (the paper's tau)."""
DENSITY_SHARE = 0.4
"""The share of the tokens that stay for peaks of density (its d); the rest stand out in their frame."""
ANCHOR_EVERY = 4
"""Of a segment, frames of which density peaks stay (its p)."""
NEIGHBOURS = 4
"""Nearest tokens, itself included, from which the density is measured."""
OWN = 0.6
"""The least weight of a peak against the mean of those mixed into it (its beta)."""


def pruned(frames: Sequence[Any], keep: float) -> list[tuple[Any, Any]]:
    """For each frame of a prompt, tokens of shape (n, d): the places that stay, ascending, and their vectors.

    A share `keep` of all tokens stays; 1.0 changes nothing.
    """
    import torch

    if keep >= 1.0:
        return [(torch.arange(len(frame), device=frame.device), frame) for frame in frames]
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
    cuts = min(SEGMENTS, max(1, len(frames) // FRAMES_OF_A_SEGMENT)) - 1
    least = likeness.topk(cuts, largest=False).indices
    borders = set((least + 1).tolist()) | set((torch.nonzero(likeness < ALIKE).flatten() + 1).tolist())
    return list(pairwise([0, *sorted(borders), len(frames)]))


def _segment(frames: Sequence[Any], keep: float) -> list[tuple[Any, Any]]:
    import torch

    total = sum(max(1, int(keep * len(frame))) for frame in frames)
    peaks = max(1, int(total * DENSITY_SHARE))
    outstanding = _equal_parts(total - peaks, len(frames))
    stays = [_standing_out(frame, min(count, len(frame))) for frame, count in zip(frames, outstanding, strict=True)]
    anchors: list[Any] = [torch.zeros_like(mask) for mask in stays]
    anchor_frames = range(len(frames) - 1, -1, -ANCHOR_EVERY)
    for number, count in zip(anchor_frames, _equal_parts(peaks, len(anchor_frames)), strict=True):
        free = torch.nonzero(~stays[number]).flatten()
        anchors[number][free[_peaks(frames[number][free], min(count, len(free)))]] = True
    mixed = _mixed(frames, stays, anchors)
    return [
        (torch.nonzero(stay | anchor).flatten(), vectors[stay | anchor])
        for vectors, stay, anchor in zip(mixed, stays, anchors, strict=True)
    ]


def _equal_parts(total: int, parts: int) -> list[int]:
    """A number as a sum of about equal ones, the larger first."""
    return [total // parts + (part < total % parts) for part in range(parts)]


def _standing_out(frame: Any, count: int) -> Any:
    """A mask of the tokens that differ most from their frame's mean."""
    import torch
    from torch.nn import functional

    vectors = functional.normalize(frame.float(), dim=1)
    away = -(vectors @ functional.normalize(vectors.mean(dim=0), dim=0))
    mask = torch.zeros(len(frame), dtype=torch.bool, device=frame.device)
    mask[away.topk(count).indices] = True
    return mask


def _peaks(tokens: Any, count: int) -> Any:
    """Places of the tokens with the highest density times distance to the nearest denser token."""
    import torch

    if count >= len(tokens):
        return torch.arange(len(tokens), device=tokens.device)
    far = torch.cdist(tokens.float(), tokens.float()) / tokens.shape[1] ** 0.5
    near = far.topk(min(NEIGHBOURS, len(tokens)), largest=False).values
    density = torch.exp(-near.square().mean(dim=1))
    # Equal densities would hide each other; the earlier counts as the denser.
    order = torch.arange(len(tokens), device=tokens.device)
    denser = (density[None, :] > density[:, None]) | (
        (density[None, :] == density[:, None]) & (order[None, :] < order[:, None])
    )
    apart = torch.where(denser, far, far.max()).min(dim=1).values
    return (density * apart).topk(count).indices


def _mixed(frames: Sequence[Any], stays: Sequence[Any], anchors: Sequence[Any]) -> list[Any]:
    """The frames' tokens; into the peaks of a frame, all that are neither among them nor stand out are mixed."""
    import torch
    from torch.nn import functional

    vectors, outstanding = torch.cat(list(frames)), torch.cat(list(stays))
    unit = functional.normalize(vectors.float(), dim=1)
    mixed = vectors.clone()
    passed = 0
    for frame, anchor in zip(frames, anchors, strict=True):
        own = passed + torch.nonzero(anchor).flatten()
        passed += len(frame)
        others = ~outstanding
        others[own] = False
        if not len(own) or not others.any():
            continue
        nearest = (unit[others] @ unit[own].T).argmax(dim=1)
        counts = torch.zeros(len(own), device=unit.device).index_add_(0, nearest, torch.ones_like(nearest).float())
        sums = torch.zeros(len(own), vectors.shape[1], device=unit.device)
        sums.index_add_(0, nearest, vectors[others].float())
        weight = (1 / (counts + 1)).clamp(min=OWN)[:, None]
        means = sums / counts.clamp(min=1)[:, None]
        mixed[own] = (weight * vectors[own].float() + (1 - weight) * means).to(vectors.dtype)
    return list(mixed.split([len(frame) for frame in frames]))
