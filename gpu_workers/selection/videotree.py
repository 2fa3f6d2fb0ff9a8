"""VideoTree (arXiv 2405.19209): few frames of what matters little, many of what the question is about.

Breadth: the frames are clustered, into more and more clusters until enough of them are relevant. Depth: relevant
clusters are split again, once or twice. The paper judges a cluster by a language model that reads captions; here its
likeness to the question decides, so that nothing but vectors is needed. Clusters are made by k-means on
directions; the paper's second clustering is Ward's, whose cost grows with the square of a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.ports import FrameEmbedder, FrameFetch
from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import worth_showing
from gpu_workers.selection.vectors import one_thread, relevance, sketch, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

FIRST, LAST = 8, 32
"""Clusters of the first and of the last try at breadth, unless told otherwise, as all that follows."""
ENOUGH = 4
"""Highly relevant clusters that end the breadth."""
BRANCHES = 5
ROUNDS = 10
"""Most rounds of k-means, which need not end by itself."""
TELLING = 3
"""A cluster is as relevant as its most relevant frames are on average: this many."""


@dataclass(frozen=True)
class _Cluster:
    """`members` and `centre` are places among the usable frames; relevance is that of the question."""

    members: NDArray[np.intp]
    centre: int
    relevance: float


class VideoTreeSelector:
    """Plays `QueryFrameSelector`."""

    def __init__(
        self,
        embedder: FrameEmbedder,
        *,
        clusters: int = FIRST,
        most_clusters: int = LAST,
        enough: int = ENOUGH,
        branches: int = BRANCHES,
    ) -> None:
        self._embedder = embedder
        self._shape = _Shape(clusters, most_clusters, enough, branches)

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers, **options: Any) -> VideoTreeSelector:
        """Compares with the frame embedder of the same process."""
        del settings
        return cls(workers.get("frame_embedder"), **options)

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "videotree"

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """See the port. May take fewer frames than the budget allows."""
        del fetch
        usable = worth_showing(candidates)
        if budget <= 0 or len(usable) <= budget:
            return usable if budget > 0 else []
        with one_thread():
            likeness = relevance(candidates, usable, self._embedder.embed_query(question))
            tree = _Tree(sketch(candidates, usable), likeness, self._shape)
            return sorted(usable[place] for place in tree.leaves(budget))


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
        """One frame for each leaf, until the budget is used: one of every cluster, then the others of relevant ones.

        Clusters come by level and relevance; of a relevant cluster the most relevant leaves come first.
        """
        clusters, levels = self._breadth()
        ranked: list[tuple[int, int, float, int]] = []
        for cluster, level in zip(clusters, levels, strict=True):
            if level == 1:
                ranked.append((0, -level, -cluster.relevance, cluster.centre))
                continue
            leaves = sorted(self._depth(cluster, level - 1), key=lambda leaf: -leaf.relevance)
            for order, leaf in enumerate(leaves):
                best = leaf.members[int(self._likeness[leaf.members].argmax())]
                ranked.append((order, -level, -leaf.relevance, int(best)))
        return [place for _, _, _, place in sorted(ranked)[:budget]]

    def _breadth(self) -> tuple[list[_Cluster], list[int]]:
        everything = np.arange(len(self._rows))
        count = self._shape.first
        while True:
            clusters = self._split(everything, count)
            levels = _levels([cluster.relevance for cluster in clusters])
            if levels.count(3) >= self._shape.enough or count >= self._shape.last:
                return clusters, levels
            count = min(2 * count, self._shape.last)

    def _depth(self, cluster: _Cluster, depth: int) -> list[_Cluster]:
        parts = [cluster]
        for _ in range(depth):
            parts = [part for whole in parts for part in self._split(whole.members, self._shape.branches)]
        return parts

    def _split(self, members: NDArray[np.intp], count: int) -> list[_Cluster]:
        """Clusters of some frames; empty ones are dropped."""
        nearest, closeness = k_means(self._rows[members], count)
        made = []
        for label in np.unique(nearest):
            inside = np.flatnonzero(nearest == label)
            telling = np.sort(self._likeness[members[inside]])[-TELLING:].mean()
            centre = members[inside[int(closeness[inside].argmax())]]
            made.append(_Cluster(members[inside], int(centre), float(telling)))
        return made


def k_means(rows: NDArray[np.float32], count: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For each unit row the number of its cluster and its cosine to the centre. Without chance, and it ends."""
    centres = _spread_centres(rows, min(count, len(rows)))
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


def _spread_centres(rows: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Each centre is the row farthest from those before it; the first is the middle one."""
    chosen = [len(rows) // 2]
    closest = np.full(len(rows), -np.inf, np.float32)
    while len(chosen) < count:
        closest = np.maximum(closest, rows @ rows[chosen[-1]])
        chosen.append(int(closest.argmin()))
    return rows[chosen]


def _levels(values: Sequence[float]) -> list[int]:
    """1, 2 or 3 for the lower, middle and upper third between the least and the greatest value."""
    low, high = min(values), max(values)
    if high <= low:
        return [2] * len(values)
    return [1 + min(2, int(3 * (value - low) / (high - low))) for value in values]
