"""Distinguishes a frame that shows something new from one that repeats the frame before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.core.types import Frame

ROWS, COLUMNS = 72, 128
"""A grid fine enough that one typed word of a screencast fills several cells."""
CELL_CHANGE = 10.0
"""Grey levels (of 255) by which a cell must change; coding noise of a still picture stays below."""
CHANGED_CELLS = 3


class ChangeDetector:
    """Remembers the last new frame, so that slow changes add up until they count."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None

    def is_new(self, frame: Frame) -> bool:
        """Whether at least a few cells differ from the last new frame; the first frame is new."""
        height, width = frame.image.shape[:2]
        rows, columns = min(ROWS, height), min(COLUMNS, width)
        grey = frame.image[..., 1].astype(np.float32)
        row_edges = np.linspace(0, height, rows + 1).astype(int)[:-1]
        column_edges = np.linspace(0, width, columns + 1).astype(int)[:-1]
        sums = np.add.reduceat(np.add.reduceat(grey, row_edges, axis=0), column_edges, axis=1)
        areas = np.outer(np.diff([*row_edges, height]), np.diff([*column_edges, width]))
        grid: NDArray[np.float32] = (sums / areas).astype(np.float32)
        if self._last is not None and int((np.abs(grid - self._last) > CELL_CHANGE).sum()) < CHANGED_CELLS:
            return False
        self._last = grid
        return True
