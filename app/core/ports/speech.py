"""Ports for speech: what is said, and who says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from app.core.types import Diarization, Transcript

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class Transcriber(Protocol):
    """Speech to text."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def transcribe(self, samples: NDArray[np.float32], *, language: str | None, translate: bool = False) -> Transcript:
        """Sentences with word times, on the clock of `samples` (16 kHz mono). Silence and music give no sentence.

        `language` is the spoken language, detected when None; the transcript names it too. With `translate` the
        sentences are in English.
        """
        ...


@runtime_checkable
class Diarizer(Protocol):
    """Separates speakers by their voices."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def diarize(self, samples: NDArray[np.float32]) -> Diarization:
        """Who speaks when, on the clock of `samples` (16 kHz mono). Silence gives no turn.

        When several people speak at once, the turn belongs to one of them.
        """
        ...
