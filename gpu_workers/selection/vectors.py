"""Reads the vectors of many frames in blocks, to bound the memory, and finds their strongest directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from app.core.types import FrameFeatures

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 1024
"""Frames whose vectors are in memory at once."""
SKETCH = 128
"""Numbers in the sketch of a vector."""
ALMOST_NOTHING = 1e-6
"""Directions below this share of the strongest are rounding errors."""


def one_thread() -> AbstractContextManager[Any]:
    """Limits BLAS to one thread: on small matrices, more threads only compete with other models for the cores.

    20,000 candidates take 0.3 s of processor time with one thread, 12 s with two on a busy machine.
    """
    from threadpoolctl import threadpool_limits

    return cast(AbstractContextManager[Any], threadpool_limits(1, user_api="blas"))


def blocks(candidates: Sequence[FrameFeatures], indices: Sequence[int]) -> Iterator[NDArray[np.float64]]:
    """The frames' vectors, in order, at most BLOCK rows at a time."""
    for start in range(0, len(indices), BLOCK):
        yield np.stack([candidates[index].vector for index in indices[start : start + BLOCK]]).astype(np.float64)


def relevance(
    candidates: Sequence[FrameFeatures], indices: Sequence[int], query: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The dot product of each frame's concept with a query, shape (len(indices),)."""
    return np.array([float(candidates[index].concept @ query) for index in indices], dtype=np.float64)


def sketch(candidates: Sequence[FrameFeatures], indices: Sequence[int]) -> NDArray[np.float32]:
    """Unit rows, shape (n, at most SKETCH), whose dot products are about the cosines of the frames' vectors.

    Longer vectors are projected on fixed random directions (Johnson and Lindenstrauss): 512 bytes per frame, whatever
    the model. The error of a cosine near 0 has a standard deviation of 0.09; nearer to 1 it is smaller.
    """
    size = len(candidates[indices[0]].vector)
    basis = np.random.default_rng(0).normal(size=(size, SKETCH)) if size > SKETCH else None
    rows = np.empty((len(indices), min(size, SKETCH)), np.float32)
    start = 0
    for block in blocks(candidates, indices):
        rows[start : start + len(block)] = unit(block if basis is None else block @ basis)
        start += len(block)
    return rows


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rows normalised to length one; zero rows stay zero."""
    lengths: NDArray[np.float64] = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(lengths, 1e-12)


def directions(
    candidates: Sequence[FrameFeatures],
    indices: Sequence[int],
    rank: int,
    *,
    least: float = ALMOST_NOTHING,
    unit_rows: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The strongest left singular vectors of the frames' vectors, shape (n, at most rank), and their strengths.

    Directions weaker than `least` times the strongest are left out; `unit_rows` scales the vectors to length one
    first. They come from the smaller Gram matrix, which is summed block by block for many frames.
    """

    def rows() -> Iterator[NDArray[np.float64]]:
        return map(unit, blocks(candidates, indices)) if unit_rows else blocks(candidates, indices)

    if len(indices) <= min(BLOCK, len(candidates[indices[0]].vector)):
        matrix = np.vstack(list(rows()))
        return _spectrum(matrix @ matrix.T, rank, least)
    gram = sum(block.T @ block for block in rows())
    strongest, strengths = _spectrum(np.asarray(gram), rank, least)
    return np.vstack([block @ strongest / strengths for block in rows()]), strengths


def _spectrum(gram: NDArray[np.float64], rank: int, least: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The strongest eigenvectors of a Gram matrix, shape (n, at most rank), and their singular values."""
    values, basis = np.linalg.eigh(gram)
    strengths = np.sqrt(np.maximum(values[::-1], 0.0))
    count = min(rank, int((strengths > least * strengths[0]).sum())) if strengths[0] > 0 else 0
    return basis[:, ::-1][:, :count], strengths[:count]
