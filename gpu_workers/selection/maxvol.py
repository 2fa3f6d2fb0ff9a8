"""Square and rectangular maxvol: pick the rows of a tall matrix that span the most volume.

Square: Goreinov, Oseledets, Savostyanov, Tyrtyshnikov, Zamarashkin, "How to find a good submatrix" (2010).
Rectangular: Mikhalev and Oseledets, Linear Algebra and its Applications 538 (2018), 187-211.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SQUARE_TOLERANCE = 1.05
START_SWAPS = 10


def maxvol(matrix: NDArray[np.float64], *, max_swaps: int = 100) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Picks r rows such that no single swap multiplies their determinant by more than SQUARE_TOLERANCE.

    `matrix` is (n, r) with n > r and full column rank. Returns the rows, shape (r,), and the coefficients C,
    shape (n, r), with matrix = C @ matrix[rows]. Raises ValueError for other shapes.
    """
    count, rank = matrix.shape
    if count <= rank:
        raise ValueError(f"maxvol needs more rows than columns, got {count} and {rank}")
    from scipy.linalg import lu_factor  # type: ignore[import-untyped]

    _, swaps = lu_factor(matrix)
    order = np.arange(count)
    for place, other in enumerate(swaps):
        order[[place, other]] = order[[other, place]]
    rows = order[:rank].copy()
    coefficients: NDArray[np.float64] = np.linalg.solve(matrix[rows].T, matrix.T).T.astype(np.float64)
    for _ in range(max_swaps):
        row, column = divmod(int(np.abs(coefficients).argmax()), rank)
        largest = coefficients[row, column]
        if abs(largest) <= SQUARE_TOLERANCE:
            break
        rows[column] = row
        change = coefficients[row].copy()
        change[column] -= 1.0
        coefficients -= np.outer(coefficients[:, column], change / largest)
    return rows, coefficients


def maxvol_rect(matrix: NDArray[np.float64], *, tolerance: float, max_rows: int | None = None) -> NDArray[np.intp]:
    """Picks rows such that every other row is a combination of them with a coefficient norm of at most `tolerance`.

    `matrix` is (n, r) with n > r and full column rank. Returns at least r and at most `max_rows` rows
    (never fewer than r), in the order chosen. Raises ValueError for other shapes.
    """
    count, rank = matrix.shape
    limit = count if max_rows is None else min(max(max_rows, rank), count)
    start, coefficients = maxvol(matrix, max_swaps=START_SWAPS)
    rows = [int(row) for row in start]
    free = np.ones(count)
    free[rows] = 0.0
    norms = free * np.square(coefficients).sum(axis=1)
    while len(rows) < limit:
        row = int(norms.argmax())
        if norms[row] <= tolerance**2:
            break
        rows.append(row)
        free[row] = 0.0
        chosen = coefficients[row].copy()
        overlap = coefficients @ chosen
        shrink = 1.0 / (1.0 + overlap[row])
        coefficients = np.hstack([coefficients - shrink * np.outer(overlap, chosen), shrink * overlap[:, None]])
        norms = free * (norms - shrink * overlap**2)
    return np.asarray(rows, dtype=np.intp)


def greatest_first(matrix: NDArray[np.float64]) -> NDArray[np.intp]:
    """All rows, each the one that adds the most volume to those before it: the pivots of a QR factorisation.

    Rectangular maxvol never returns fewer rows than columns; this says which of them to leave out first.
    """
    from scipy.linalg import qr

    _, pivots = qr(matrix.T, mode="r", pivoting=True)
    return np.asarray(pivots, dtype=np.intp)
