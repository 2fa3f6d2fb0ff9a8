"""Features of a frame by an embedder whose pictures and words share one space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.types import Frame, FrameFeatures
from gpu_workers.vision.colours import LUMA

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LIGHT_SIDE = 128
"""Brightness and contrast are measured on at most about this many rows and columns."""


def joint_features(frame: Frame, vector: NDArray[np.float32]) -> FrameFeatures:
    """`vector` and `concept` are the same unit vector, and there are no tags."""
    import numpy as np

    height, width = frame.image.shape[:2]
    some = frame.image[:: -(-height // LIGHT_SIDE), :: -(-width // LIGHT_SIDE)]
    light = some @ np.asarray(LUMA, dtype=np.float32) / 255.0
    return FrameFeatures(frame.pts_s, vector, vector, brightness=float(light.mean()), contrast=float(light.std()))
