"""Many frames of what the question is about, few of the rest: a tree of clusters of frames, by their vectors alone.

Breadth: the frames are grouped into more and more clusters until enough of them are relevant. Depth: relevant clusters
are split again, once or twice. The shape of the tree is that of VideoTree (arXiv 2405.19209), in which a language model
judges captions and Ward's method splits; `longreel eval --mode videotree` does that. Here the likeness to the question
judges and k-means splits, so that only vectors are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from app.core.ports import FrameEmbedder
from app.core.types import FrameFeatures
from gpu_workers.selection.vector_selector import VectorSelector
from gpu_workers.selection.vectors import sketch, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST, LAST = 8, 32
"""Default number of clusters in the first and last breadth step. The constants below are defaults too."""
ENOUGH = 4
"""Highly relevant clusters that end the breadth."""
BRANCHES = 5
ROUNDS = 10
"""The most rounds of k-means, which might not converge."""
TOP_FRAMES = 3
"""A cluster's relevance is the mean of this many of its most relevant frames."""


@dataclass(frozen=True)
class _Cluster:
    """`members` and `centre` index the usable frames; `relevance` is the likeness to the question."""

    members: NDArray[np.intp]
    centre: int
    relevance: float


class ClusterTreeSelector(VectorSelector):
    """Takes fewer frames than allowed where the clusters have fewer leaves."""

    name = "cluster-tree"

    def __init__(
        self,
        embedder: FrameEmbedder,
        *,
        clusters: Annotated[int, Field(ge=1, le=256, description="clusters at first")] = FIRST,
        most_clusters: Annotated[int, Field(ge=1, le=256, description="clusters at most")] = LAST,
        enough: Annotated[int, Field(ge=1, le=256, description="relevant clusters that suffice")] = ENOUGH,
        branches: Annotated[int, Field(ge=2, le=16, description="parts of a relevant cluster")] = BRANCHES,
    ) -> None:
        super().__init__(embedder)
        self._shape = _Shape(clusters, most_clusters, enough, branches)

    def _choose(
        self,
        candidates: Sequence[FrameFeatures],
        usable: Sequence[int],
        likeness: NDArray[np.float64],
        budget: int,
    ) -> Sequence[int]:
        return _Tree(sketch(candidates, usable), likeness, self._shape).leaves(budget)


@dataclass(frozen=True)
class _Shape:
    first: int
    last: int
    enough: int
    branches: int


class _Tree:
    def __init__(self, rows: NDArray[np.float32], likeness: NDArray[np.float64], shape: _Shape) -> None:
        self._rows = rows
        self._likeness = likeness
        self._shape = shape

    def leaves(self, budget: int) -> list[int]:
        """One frame per leaf, until the budget is used: one of every cluster, then the others of relevant ones.

        Clusters are ordered by level and relevance; in a relevant cluster, the most relevant leaves come first.
        """
        everything, count = np.arange(len(self._rows)), self._shape.first
        while True:
            clusters = self._split(everything, count)
            # 1, 2 or 3 for the lower, middle and upper third between the least and the greatest relevance.
            values = [cluster.relevance for cluster in clusters]
            low, high = min(values), max(values)
            levels = [1 + min(2, int(3 * (value - low) / (high - low))) if high > low else 2 for value in values]
            if levels.count(3) >= self._shape.enough or count >= self._shape.last:
                break
            count = min(2 * count, self._shape.last)
        ranked: list[tuple[int, int, float, int]] = []
        for cluster, level in zip(clusters, levels, strict=True):
            if level == 1:
                ranked.append((0, -level, -cluster.relevance, cluster.centre))
                continue
            leaves = [cluster]
            for _ in range(level - 1):
                leaves = [part for whole in leaves for part in self._split(whole.members, self._shape.branches)]
            for order, leaf in enumerate(sorted(leaves, key=lambda leaf: -leaf.relevance)):
                best = leaf.members[int(self._likeness[leaf.members].argmax())]
                ranked.append((order, -level, -leaf.relevance, int(best)))
        return [place for _, _, _, place in sorted(ranked)[:budget]]

    def _split(self, members: NDArray[np.intp], count: int) -> list[_Cluster]:
        """Splits some frames into clusters; drops empty ones."""
        nearest, closeness = k_means(self._rows[members], count)
        clusters = []
        for label in np.unique(nearest):
            inside = np.flatnonzero(nearest == label)
            relevance = np.sort(self._likeness[members[inside]])[-TOP_FRAMES:].mean()
            centre = members[inside[int(closeness[inside].argmax())]]
            clusters.append(_Cluster(members[inside], int(centre), float(relevance)))
        return clusters


def k_means(rows: NDArray[np.float32], count: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The cluster number of each unit row and its cosine to the centre. Deterministic, and always ends."""
    # Starting centres: first the middle row, then always the row farthest from those before it.
    chosen = [len(rows) // 2]
    closest = np.full(len(rows), -np.inf, np.float32)
    while len(chosen) < min(count, len(rows)):
        closest = np.maximum(closest, rows @ rows[chosen[-1]])
        chosen.append(int(closest.argmin()))
    centres = rows[chosen]
    nearest = np.zeros(0, np.intp)
    cosines = rows @ centres.T
    for _ in range(ROUNDS):
        before, nearest = nearest, cosines.argmax(axis=1)
        if np.array_equal(before, nearest):
            break
        members = np.arange(len(centres))[:, None] == nearest[None, :]
        centres = unit((members.astype(np.float32) @ rows).astype(np.float64)).astype(np.float32)
        cosines = rows @ centres.T
    return nearest, cosines[np.arange(len(rows)), nearest]
