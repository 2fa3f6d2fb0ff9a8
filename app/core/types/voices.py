"""Who speaks when: turns, the voices they are spoken in, and the speakers of a library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.types.media import VideoId
from app.core.types.span import TimeSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class VoiceTurn:
    """A stretch in which one voice speaks. `voice` is a row of `Diarization.voices`."""

    span: TimeSpan
    voice: int


@dataclass(frozen=True, slots=True, eq=False)
class Diarization:
    """Who speaks when in one piece of audio: turns in time order that do not overlap."""

    turns: tuple[VoiceTurn, ...]
    voices: NDArray[np.float32]
    """One unit vector a voice, shape (n, d); (0, d) when nobody speaks."""


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """A voice of one video, as ingest found it; or a face, which is told apart, named and recognised likewise."""

    label: str
    """What it is called in its video until it gets a name: Speaker 1, Speaker 2, ... by first appearance."""
    seconds: float
    """How long it speaks."""
    model: str
    """Name and version of the diarizer; only vectors of one model can be compared."""
    vector: NDArray[np.float32]
    """Unit vector, shape (d,)."""
    spans: tuple[TimeSpan, ...] = ()
    """When a face is seen, in time order. Of a voice the sentences tell."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Somebody of the library whose voice sounds like another."""

    name: str
    video_id: VideoId
    """Where that name was heard."""
    cosine: float


@dataclass(frozen=True, slots=True)
class Speaker:
    """One who speaks in a video, or whose face is seen in it."""

    video_id: VideoId
    label: str
    name: str | None
    seconds: float
    recognised: bool = False
    """Whether the name was taken from a voice of another video; False when a person gave it."""
    suggestions: tuple[Likeness, ...] = ()
    """Who it may be, likeliest first: for one without a name."""
    spans: tuple[TimeSpan, ...] = ()
    """When a face is seen."""

    @property
    def title(self) -> str:
        """The name, or the label of one who has none."""
        return self.name or self.label
