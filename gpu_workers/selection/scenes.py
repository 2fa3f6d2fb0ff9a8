"""Finds scene boundaries from the frames' vectors alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from app.core.types import FrameFeatures

CUT = 0.15
"""Neighbours closer than this cosine distance are never a cut."""


def scenes(candidates: Sequence[FrameFeatures], indices: Sequence[int], most: int) -> list[list[int]]:
    """Splits `indices` into at most `most` consecutive scenes, where neighbours differ most."""
    changes = []
    for one, other in pairwise(candidates[index].vector for index in indices):
        length = float(np.linalg.norm(one) * np.linalg.norm(other))
        changes.append(1.0 - float(one @ other) / length if length > 0 else 0.0)
    strongest = sorted(range(len(changes)), key=lambda place: (-changes[place], place))[: max(most - 1, 0)]
    borders = sorted(place + 1 for place in strongest if changes[place] >= CUT)
    return [list(indices[a:b]) for a, b in zip([0, *borders], [*borders, len(indices)], strict=True)]


def shares(sizes: Sequence[int], budget: int) -> list[int]:
    """Shares a budget in proportion to sizes: the total stays the same, and each gets at least one if possible."""
    if budget <= len(sizes):
        largest = sorted(range(len(sizes)), key=lambda part: (-sizes[part], part))[:budget]
        return [int(part in set(largest)) for part in range(len(sizes))]
    rest, total = budget - len(sizes), sum(sizes)
    exact = [rest * size / total for size in sizes]
    result = [1 + int(share) for share in exact]
    for part in sorted(range(len(sizes)), key=lambda part: (int(exact[part]) - exact[part], part)):
        if sum(result) == budget:
            break
        result[part] += 1
    return result
