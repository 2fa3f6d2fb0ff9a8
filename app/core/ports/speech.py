"""What listens: words, and whose they are."""

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

        `language` is what is spoken, detected when None, and is also what the transcript names; with `translate` the
        sentences are English.
        """
        ...


@runtime_checkable
class Diarizer(Protocol):
    """Tells voices apart."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def diarize(self, samples: NDArray[np.float32]) -> Diarization:
        """Who speaks when, on the clock of `samples` (16 kHz mono). Silence gives no turn.

        Where several speak at once, the turn is that of one of them.
        """
        ...
