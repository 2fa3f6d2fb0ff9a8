"""The second and third step of LongVU (arXiv 2410.17434): frames unlike the question are pooled, then repeats dropped.

Within a budget, the frames whose tokens are most like the question's words keep all of theirs; the others are pooled
to two thirds of each side, as the paper pools 12 x 12 to 8 x 8. Where even pooled frames exceed the budget, all are
pooled, and of every eight, only the first keeps all tokens; the seven after it lose those that resemble the first
frame's on the same spot. What then still exceeds the budget is cut off the end of each eight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from app.core.runs import runs

SIDE = 2 / 3
"""What is left of each side of a pooled frame."""
CHUNK = 8
"""Frames whose tokens are compared with those of the first among them."""
ALIKE = 0.7
"""Cosine from which a token repeats that of the first frame (the drop threshold of the paper's code)."""

Grid = tuple[int, int]
"""Rows and columns of a frame's tokens."""


def reduced(frames: Sequence[Any], grids: Sequence[Grid], words: Any, keep: float) -> list[tuple[Any, Any]]:
    """For each frame of a prompt, tokens of shape (n, d): the places that stay, ascending, and their vectors.

    At most a share `keep` of all tokens stays. `words`, shape (m, d), are the embeddings of the question. A pooled
    token stands at the place in the middle of those it is made of.
    """
    import torch

    if not frames:
        return []
    whole = [(torch.arange(len(frame), device=frame.device), frame) for frame in frames]
    budget = int(keep * sum(map(len, frames)))
    pooled = [_pooled(frame, grid) for frame, grid in zip(frames, grids, strict=True)]
    room = budget - sum(len(vectors) for _, vectors in pooled)
    if room < 0:
        return without_repeats(pooled, budget)
    mean = words.float().mean(dim=0)
    # The mean of all products of a frame's tokens with words is the product of their means.
    likeness = torch.stack([vectors.float().mean(dim=0) @ mean for _, vectors in pooled])
    for number in likeness.argsort(descending=True, stable=True).tolist():
        room -= len(frames[number]) - len(pooled[number][1])
        if room < 0:
            break
        pooled[number] = whole[number]
    return pooled


def _pooled(frame: Any, grid: Grid) -> tuple[Any, Any]:
    import torch
    from torch.nn import functional

    rows, columns = (max(1, round(side * SIDE)) for side in grid)
    picture = frame.float().T.reshape(1, -1, *grid)
    fewer = functional.interpolate(picture, size=(rows, columns), mode="bilinear", align_corners=False)
    down = ((torch.arange(rows, device=frame.device) + 0.5) * grid[0] / rows).long()
    across = ((torch.arange(columns, device=frame.device) + 0.5) * grid[1] / columns).long()
    places = (down[:, None] * grid[1] + across).flatten()
    return places, fewer[0].flatten(1).T.to(frame.dtype)


def without_repeats(frames: Sequence[tuple[Any, Any]], budget: int) -> list[tuple[Any, Any]]:
    """The third step: of pooled frames, as places and vectors, what is new in each chunk, and at most the budget."""
    from torch.nn import functional

    chunks = runs(frames, lambda chunk, one: len(chunk) < CHUNK and len(chunk[0][1]) == len(one[1]))
    groups: list[list[tuple[Any, Any]]] = []
    for chunk in chunks:
        first = chunk[0][1].float()
        new = [functional.cosine_similarity(first, vectors.float(), dim=-1) < ALIKE for _, vectors in chunk[1:]]
        rest = [(places[mask], vectors[mask]) for mask, (places, vectors) in zip(new, chunk[1:], strict=True)]
        groups.append([chunk[0], *rest])
    lengths = [sum(len(places) for places, _ in chunk) for chunk in groups]
    surplus = math.ceil(max(0, sum(lengths) - budget) / len(lengths)) if lengths else 0
    results: list[tuple[Any, Any]] = []
    for chunk, length in zip(groups, lengths, strict=True):
        room = min(length - surplus, budget - sum(len(places) for places, _ in results))
        for places, vectors in chunk:
            fits = max(0, room)
            results.append((places[:fits], vectors[:fits]))
            room -= len(places)
    return results
