"""MaxInfo (arXiv 2502.03183): the frames from which all others can be made up.

The frames' vectors are reduced to their few strongest directions, and rectangular maxvol takes the
frames that span the most volume there. One global reduction covers few scenes of a long video, so many
candidates are cut into pieces of time that share the budget, which is the paper's chunk-based form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import worth_showing
from gpu_workers.selection.maxvol import maxvol_rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK = 128
"""Candidates compared at once, so that memory stays flat."""
SURVIVORS = 32
"""How many of a chunk go on when a piece of the video holds more than one chunk."""
WEAKEST = 0.02
"""Directions weaker than this share of the strongest are noise: they would make a still scene look varied."""


class MaxInfoSelector:
    """Plays `FrameSelector`.

    `rank` is how many directions are kept; `tolerance` how well the chosen frames must make up the others
    (0.3 keeps about rank / 0.09 of many candidates, 1.0 about `rank`).
    """

    def __init__(self, rank: int = 8, tolerance: float = 0.3) -> None:
        self._rank = rank
        self._tolerance = tolerance

    @classmethod
    def from_settings(cls, settings: Settings, workers: Any) -> MaxInfoSelector:
        """Rank and tolerance from `settings.ingest`."""
        del workers
        return cls(settings.ingest.maxinfo_rank, settings.ingest.maxinfo_tolerance)

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "maxinfo"

    def select(self, candidates: Sequence[FrameFeatures], budget: int) -> list[int]:
        """See the port.

        BLAS gets one thread: on matrices this small its threads only fight with other models' for the cores
        (20,000 candidates: 0.3 s of processor time with one thread, 12 s with two on a busy machine).
        """
        from threadpoolctl import threadpool_limits

        usable = worth_showing(candidates)
        if budget <= 0 or not usable:
            return []
        with threadpool_limits(1, user_api="blas"):
            return self._spread(candidates, usable, budget)

    def _spread(self, candidates: Sequence[FrameFeatures], usable: list[int], budget: int) -> list[int]:
        """Shares the budget among pieces of the video."""
        chunks = -(-len(usable) // CHUNK)
        pieces = min(chunks, max(1, budget // self._rank))
        chosen: list[int] = []
        for place in range(pieces):
            piece = usable[_share(len(usable), place, pieces) : _share(len(usable), place + 1, pieces)]
            share = _share(budget, place + 1, pieces) - _share(budget, place, pieces)
            chosen += self._best(candidates, piece, share)
        return sorted(chosen)

    def _best(self, candidates: Sequence[FrameFeatures], piece: list[int], budget: int) -> list[int]:
        """The choice from one piece of the video; more than one chunk is played off in rounds."""
        survivors = max(SURVIVORS, min(budget, CHUNK // 2))
        while len(piece) > CHUNK and budget < len(piece):
            rounds = [piece[start : start + CHUNK] for start in range(0, len(piece), CHUNK)]
            kept = [index for part in rounds for index in self._spanning(candidates, part, survivors)]
            if len(kept) == len(piece):
                break
            piece = kept
        return self._spanning(candidates, piece, budget)

    def _spanning(self, candidates: Sequence[FrameFeatures], piece: list[int], budget: int) -> list[int]:
        vectors = np.stack([candidates[index].vector for index in piece]).astype(np.float64)
        directions = _left_singular(vectors, min(self._rank, budget))
        if len(piece) <= directions.shape[1]:
            return piece
        if directions.shape[1] == 0:
            return [piece[len(piece) // 2]]
        rows = maxvol_rect(directions, tolerance=self._tolerance, max_rows=budget)
        return sorted(piece[row] for row in rows)


def _share(total: int, place: int, pieces: int) -> int:
    return total * place // pieces


def _left_singular(vectors: NDArray[np.float64], rank: int) -> NDArray[np.float64]:
    """The strongest left singular vectors, shape (n, at most rank), through the smaller Gram matrix."""
    count, size = vectors.shape
    wide = count <= size
    values, basis = np.linalg.eigh(vectors @ vectors.T if wide else vectors.T @ vectors)
    strengths = np.sqrt(np.maximum(values[::-1], 0.0))
    kept = min(rank, int((strengths > WEAKEST * strengths[0]).sum())) if strengths[0] > 0 else 0
    strongest = basis[:, ::-1][:, :kept]
    return strongest if wide else vectors @ strongest / strengths[:kept]
