"""Who speaks when: turns, voices, and the speakers of a library."""

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
    """A span in which one voice speaks. `voice` is a row of `Diarization.voices`."""

    span: TimeSpan
    voice: int


@dataclass(frozen=True, slots=True, eq=False)
class Diarization:
    """Who speaks when in one chunk of audio: turns in time order that do not overlap."""

    turns: tuple[VoiceTurn, ...]
    voices: NDArray[np.float32]
    """One unit vector per voice, shape (n, d); (0, d) when nobody speaks."""


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """A voice in one video, from ingest; or a face, which is separated, named and recognised in the same way."""

    label: str
    """Its label in the video until it has a name: Speaker 1, Speaker 2, ... by first appearance."""
    seconds: float
    """How long it speaks."""
    model: str
    """Name and version of the diarizer; only vectors of one model can be compared."""
    vector: NDArray[np.float32]
    """Unit vector, shape (d,)."""
    spans: tuple[TimeSpan, ...] = ()
    """When a face is seen, in time order. For a voice the sentences show it."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Somebody in the library whose voice sounds similar."""

    name: str
    video_id: VideoId
    """The video with that voice."""
    cosine: float


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who speaks in a video, or whose face is seen in it."""

    video_id: VideoId
    label: str
    name: str | None
    seconds: float
    recognised: bool = False
    """Whether the name was taken from the same voice in another video; False if a person gave it."""
    suggestions: tuple[Likeness, ...] = ()
    """Who it may be, likeliest first, if it has no name."""
    spans: tuple[TimeSpan, ...] = ()
    """When a face is seen."""

    @property
    def title(self) -> str:
        """The name, or the label if there is none."""
        return self.name or self.label
