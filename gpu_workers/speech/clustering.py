"""Groups vectors of the same voice or the same face. Pure arithmetic on unit vectors; knows no model.

Agglomerative clustering with average linkage: merges the two clusters whose members are most alike on average, until
no pair is similar enough. The number of voices follows from the threshold. Each merge updates the average cosines of
one row only (Lance and Williams 1967); a few hundred vectors take some hundredths of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.types import Diarization

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAME_VOICE = 0.55
"""Mean cosine above which two groups of voices that each speak for some seconds are the same."""
LEAST_VOICE_S = 3.0
"""A voice that speaks for less in the whole video counts as the nearest other voice, or as nobody if none is near."""
NEAR = 0.25
"""Cosine above which a voice that hardly speaks may count as another."""


def agglomerate(vectors: NDArray[np.float32], sizes: Sequence[float], least: float) -> NDArray[np.int64]:
    """Labels for unit vectors, numbered by first appearance; clusters with a mean cosine below `least` stay apart.

    `vectors`: shape (n, d). `sizes`: how much each counts.
    """
    import numpy as np

    labels = np.arange(len(vectors))
    weight = np.array(sizes, np.float64)
    alike = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(alike, -np.inf)
    for _ in range(len(vectors) - 1):
        a, b = sorted(np.unravel_index(int(alike.argmax()), alike.shape))
        if alike[a, b] < least:
            break
        joined = (weight[a] * alike[a] + weight[b] * alike[b]) / (weight[a] + weight[b])
        joined[a] = -np.inf
        alike[a], alike[:, a] = joined, joined
        alike[b], alike[:, b] = -np.inf, -np.inf
        weight[a] += weight[b]
        labels[labels == b] = a
    _, first, which = np.unique(labels, return_index=True, return_inverse=True)
    order: NDArray[np.int64] = np.argsort(np.argsort(first))[which].astype(np.int64)
    return order


def centres(vectors: NDArray[np.float32], sizes: Sequence[float], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """The mean of each label's vectors as a unit vector, shape (labels, d)."""
    import numpy as np

    sums = np.zeros((int(labels.max()) + 1 if len(labels) else 0, vectors.shape[1]), np.float64)
    np.add.at(sums, labels, vectors * np.asarray(sizes, np.float64)[:, None])
    means: NDArray[np.float32] = (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)).astype("f4")
    return means


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """The voices of a whole video."""

    rows: list[list[int | None]]
    """For each chunk and each of its voices, the row of `voices`; None for a sound that matches nobody."""
    voices: NDArray[np.float32]
    """Unit vectors in order of first appearance, shape (n, d)."""
    seconds: list[float]
    """Speaking time of each."""


def link(
    pieces: Sequence[Diarization],
    *,
    same: float = SAME_VOICE,
    least_s: float = LEAST_VOICE_S,
    near: float = NEAR,
) -> Linked:
    """Finds which voices in the chunks of one video are the same.

    The defaults suit voices; faces use their own thresholds. All chunks are compared at once, so a voice is
    recognised as well at the end of a long video as at its beginning.
    """
    import numpy as np

    spoken = [[0.0] * len(piece.voices) for piece in pieces]
    for seconds_of, piece in zip(spoken, pieces, strict=True):
        for turn in piece.turns:
            seconds_of[turn.voice] += turn.span.duration_s
    sizes = [seconds for piece in spoken for seconds in piece]
    if not sizes:
        return Linked([[] for _ in pieces], np.zeros((0, 1), np.float32), [])
    vectors = np.concatenate([piece.voices for piece in pieces if len(piece.voices)])
    labels = agglomerate(vectors, sizes, same)
    totals = np.bincount(labels, sizes)
    steady = np.flatnonzero(totals >= min(least_s, totals.max()))
    mean = centres(vectors, sizes, labels)
    places: list[int | None] = []
    for label in range(len(mean)):
        alike = mean[steady] @ mean[label]
        nearest = int(alike.argmax()) if float(alike.max()) >= near else None
        places.append(int(steady.searchsorted(label)) if label in steady else nearest)
    seconds = [sum(t for t, place in zip(totals, places, strict=True) if place == row) for row in range(len(steady))]
    rest = iter(labels)
    rows = [[places[next(rest)] for _ in piece] for piece in spoken]
    return Linked(rows, mean[steady], [float(total) for total in seconds])
