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
    """The vector as the network gives it, and scaled to length one as the concept; there are no tags."""
    import numpy as np

    height, width = frame.image.shape[:2]
    some = frame.image[:: -(-height // LIGHT_SIDE), :: -(-width // LIGHT_SIDE)]
    light = some @ np.asarray(LUMA, dtype=np.float32) / 255.0
    concept = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return FrameFeatures(frame.pts_s, vector, concept, brightness=float(light.mean()), contrast=float(light.std()))
