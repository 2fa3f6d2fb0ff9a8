"""Where one scene ends and the next begins, told from the frames' vectors alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from app.core.types import FrameFeatures

CUT = 0.15
"""Cosine distance between neighbours below which nothing is a cut."""


def scenes(candidates: Sequence[FrameFeatures], indices: Sequence[int], most: int) -> list[list[int]]:
    """`indices` cut into at most `most` consecutive scenes, at the places where neighbours differ most."""
    changes = [_distance(candidates[a], candidates[b]) for a, b in pairwise(indices)]
    strongest = sorted(range(len(changes)), key=lambda place: (-changes[place], place))[: max(most - 1, 0)]
    borders = sorted(place + 1 for place in strongest if changes[place] >= CUT)
    return [list(indices[a:b]) for a, b in zip([0, *borders], [*borders, len(indices)], strict=True)]


def shares(sizes: Sequence[int], budget: int) -> list[int]:
    """A budget shared in proportion to sizes: the same total, and at least one each where it reaches."""
    if budget <= len(sizes):
        largest = sorted(range(len(sizes)), key=lambda part: (-sizes[part], part))[:budget]
        return [int(part in set(largest)) for part in range(len(sizes))]
    rest, total = budget - len(sizes), sum(sizes)
    exact = [rest * size / total for size in sizes]
    given = [1 + int(share) for share in exact]
    for part in sorted(range(len(sizes)), key=lambda part: (int(exact[part]) - exact[part], part)):
        if sum(given) == budget:
            break
        given[part] += 1
    return given


def _distance(one: FrameFeatures, other: FrameFeatures) -> float:
    length = float(np.linalg.norm(one.vector) * np.linalg.norm(other.vector))
    return 1.0 - float(one.vector @ other.vector) / length if length > 0 else 0.0
