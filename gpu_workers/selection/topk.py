"""The frames most similar to the question: fast, but blind to everything else in the video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.core.types import FrameFeatures
from gpu_workers.selection.vector_selector import VectorSelector

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TopKSelector(VectorSelector):
    """Takes the nearest concept vectors; on a tie, the earlier frame."""

    name = "top-k"

    def _choose(
        self,
        candidates: Sequence[FrameFeatures],
        usable: Sequence[int],
        likeness: NDArray[np.float64],
        budget: int,
    ) -> Sequence[int]:
        del candidates, usable
        best: list[int] = np.argsort(-likeness, kind="stable")[:budget].tolist()
        return best
