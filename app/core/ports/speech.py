"""Ports for sound: what is said, who says it, and what else is heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from app.core.types import Diarization, SoundSpan, Transcript

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

    def transcribe(
        self,
        samples: NDArray[np.float32],
        *,
        languages: Sequence[str] = (),
        expected: str | None = None,
        terms: Sequence[str] = (),
        translate: bool = False,
    ) -> Transcript:
        """Sentences with word times, on the clock of `samples` (16 kHz mono). Silence and music give no sentence.

        `languages` are those that may be spoken, by ISO 639-1; all are possible if there are none. Each sentence names
        its language, and the transcript the main one. `expected` is the language heard elsewhere in the same video;
        another one needs clear evidence. `terms` are names that may be spoken, spelled as they should be written. With
        `translate` the sentences are in English.
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


@runtime_checkable
class SoundTagger(Protocol):
    """Finds when kinds of sound are heard, such as speech, singing and music."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """The kinds of sound that it knows."""
        ...

    def tag(self, samples: NDArray[np.float32]) -> list[SoundSpan]:
        """When each kind of sound is heard, in time order, on the clock of `samples` (16 kHz mono)."""
        ...
