"""What models take and return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.types.media import DEFAULT_SOUND, SoundChoice
from app.core.types.span import TimeSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in a picture."""

    box: tuple[float, float, float, float]
    """Left, top, right, bottom as shares of the picture."""
    confidence: float
    vector: NDArray[np.float32]
    """Distinguishes faces: unit vector, shape (d,)."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameFeatures:
    """The result of a frame embedder for one frame."""

    pts_s: float
    vector: NDArray[np.float32]
    """For similarity between frames: shape (d,)."""
    concept: NDArray[np.float32]
    """In the space of the embedder's text queries, L2-normalised: shape (q,)."""
    tags: tuple[tuple[str, float], ...] = ()
    """Recognised classes with probabilities, most probable first."""
    brightness: float = 0.5
    """Mean luminance, 0 to 1."""
    contrast: float = 0.5
    """Standard deviation of the luminance, 0 to 1: near 0 for a blank frame."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioMap:
    """A survey of a sound track: loudness over time, and where to cut it for transcription."""

    loudness: NDArray[np.float32]
    """Root mean square of each `step_s`, full scale 1.0."""
    step_s: float
    chunks: tuple[TimeSpan, ...]
    """Consecutive spans that cover the track, cut at quiet points."""
    choice: SoundChoice = DEFAULT_SOUND
    """The track, and if needed the channel, with the clearest sound."""
    gaps: tuple[TimeSpan, ...] = ()
    """Spans inside the track of which there is no sound; silence takes their place."""
