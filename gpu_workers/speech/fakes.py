"""Speech models without weights, for tests: loud parts count as speech, and pitch identifies the voice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from app.core.settings import Settings
from app.core.types import Diarization, TimeSpan, Transcript, VoiceTurn
from gpu_workers.registry import Workers
from gpu_workers.speech.sentences import ModelWord, utterances
from gpu_workers.speech.vad import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEP_S = 0.1
LOUD = 0.02
"""Root mean square above which a step counts as speech."""


PITCHES, PITCH_HZ = 64, 40.0


class FakeTranscriber:
    """Turns each loud span into the next sentence of a list, repeatedly, with its words spread evenly."""

    model = "fake-ears@1"

    def __init__(self, sentences: Sequence[str] = ("Somebody speaks.",), language: str = "en") -> None:
        self._sentences = tuple(sentences)
        self._language = language

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeTranscriber:
        """Returns the same sentence for every loud span."""
        del settings, workers
        return cls()

    def transcribe(
        self,
        samples: NDArray[np.float32],
        *,
        languages: Sequence[str] = (),
        expected: str | None = None,
        terms: Sequence[str] = (),
        translate: bool = False,
    ) -> Transcript:
        """See `Transcriber`. It distinguishes loud from quiet, but not music from speech, and speaks one language."""
        del expected, terms, translate
        language = languages[0] if languages else self._language
        spoken = []
        for index, span in enumerate(_loud(samples)):
            words = self._sentences[index % len(self._sentences)].split()
            edges = [span.start_s + span.duration_s * place / len(words) for place in range(len(words))] + [span.end_s]
            times = [TimeSpan(start, end) for start, end in pairwise(edges)]
            spread = [ModelWord(f" {word}", time, 1.0, language) for word, time in zip(words, times, strict=True)]
            spoken += utterances(spread)
        return Transcript(tuple(spoken), language if spoken or len(languages) == 1 else None)


class FakeDiarizer:
    """Each loud span is a turn, and its pitch is the voice, so tones stand in for people."""

    model = "fake-voices@1"

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeDiarizer:
        """Needs nothing."""
        del settings, workers
        return cls()

    def diarize(self, samples: NDArray[np.float32]) -> Diarization:
        """See `Diarizer`."""
        import numpy as np

        spans, pitches = list(_loud(samples)), []
        for span in spans:  # the loudest of PITCHES frequency bands, each 40 Hz wide
            part = samples[round(span.start_s * RATE) : round(span.end_s * RATE)]
            loudest = int(np.abs(np.fft.rfft(part)).argmax() * RATE / len(part) / PITCH_HZ)
            pitches.append(min(PITCHES - 1, loudest))
        voices = sorted(set(pitches))
        turns = tuple(VoiceTurn(span, voices.index(pitch)) for span, pitch in zip(spans, pitches, strict=True))
        return Diarization(turns, np.eye(PITCHES, dtype=np.float32)[voices])


def _loud(samples: NDArray[np.float32]) -> Iterator[TimeSpan]:
    import numpy as np

    step = int(STEP_S * RATE)
    flags = [float(np.sqrt(np.mean(samples[at : at + step] ** 2))) >= LOUD for at in range(0, len(samples), step)]
    start: int | None = None
    for index, loud in enumerate([*flags, False]):
        if loud and start is None:
            start = index
        elif not loud and start is not None:
            yield TimeSpan(start * STEP_S, min(index * STEP_S, len(samples) / RATE))
            start = None
