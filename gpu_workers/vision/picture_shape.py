"""Pictures of shapes that models can take."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST_TO_SHORTEST = 8
"""Models that resize the shorter side would make a strip of pixels enormous, and some refuse it."""
SHORTEST = 4
"""Pixels; models that cut pictures into patches want a few."""


def bounded(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture itself, or a stretched copy when it is a strip or a dot."""
    import numpy as np
    from PIL import Image

    height, width = image.shape[:2]
    least = max(SHORTEST, -(-max(height, width) // LONGEST_TO_SHORTEST))
    if min(height, width) >= least:
        return image
    stretched = Image.fromarray(image).resize((max(width, least), max(height, least)), Image.Resampling.BILINEAR)
    return np.asarray(stretched, dtype=np.uint8)
