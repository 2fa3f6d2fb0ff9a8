"""Clusters of unit vectors: k-means by cosine, and Ward's tree cut into so many parts. Deterministic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
_ROUNDS = 50


def by_cosine(vectors: Vectors, count: int) -> list[list[int]]:
    """At most `count` clusters of row indices, in order of their first row; none is empty.

    The first centre is the first row, each further one the row that is farthest from all centres.
    """
    centres = [0]
    while len(centres) < min(count, len(vectors)):
        nearest = (vectors @ vectors[centres].T).max(axis=1)
        nearest[centres] = np.inf
        if np.isinf(nearest).all():
            break
        centres.append(int(nearest.argmin()))
    middles = vectors[centres]
    labels = np.zeros(len(vectors), dtype=np.int64)
    for round_number in range(_ROUNDS):
        fresh = (vectors @ middles.T).argmax(axis=1)
        if round_number and (fresh == labels).all():
            break
        labels = fresh
        filled = [label for label in range(len(middles)) if (labels == label).any()]
        middles = np.stack([vectors[labels == label].mean(axis=0) for label in filled])
        middles = middles / np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-12)
        labels = np.searchsorted(filled, labels)
    return sorted(np.flatnonzero(labels == label).tolist() for label in range(len(middles)))


def by_ward(vectors: Vectors, rows: list[int], count: int) -> list[list[int]]:
    """These rows as at most `count` clusters, by merging the two whose union adds least to the squared distances.

    Costs are updated by the formula of Lance and Williams (Comput. J. 9, 1967).
    """
    points = vectors[rows].astype(np.float64)
    squares = np.square(points).sum(axis=1)
    cost = (squares[:, None] + squares[None] - 2 * points @ points.T) / 2
    np.fill_diagonal(cost, np.inf)
    groups, sizes = [[row] for row in rows], np.ones(len(rows))
    for _ in range(len(rows) - count):
        one, other = divmod(int(cost.argmin()), len(rows))
        total = sizes + sizes[one] + sizes[other]
        merged = (sizes + sizes[one]) * cost[one] + (sizes + sizes[other]) * cost[other] - sizes * cost[one, other]
        cost[one] = cost[:, one] = merged / total
        cost[other] = cost[:, other] = cost[one, one] = np.inf
        sizes[one] += sizes[other]
        groups[one], groups[other] = sorted(groups[one] + groups[other]), []
    return sorted(group for group in groups if group)


def centre(vectors: Vectors, rows: list[int]) -> int:
    """The row that is nearest to the middle of these rows."""
    return rows[int((vectors[rows] @ vectors[rows].mean(axis=0)).argmax())]
