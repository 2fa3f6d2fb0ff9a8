"""Speech models without weights, for tests: loud parts count as speech, and pitch identifies the voice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
            spoken += utterances(list(_spread(self._sentences[index % len(self._sentences)], span, language)))
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

        spans = list(_loud(samples))
        pitches = [_pitch(samples[round(s.start_s * RATE) : round(s.end_s * RATE)]) for s in spans]
        voices = sorted(set(pitches))
        turns = tuple(VoiceTurn(span, voices.index(pitch)) for span, pitch in zip(spans, pitches, strict=True))
        return Diarization(turns, np.eye(PITCHES, dtype=np.float32)[voices])


def _pitch(samples: NDArray[np.float32]) -> int:
    """The loudest of PITCHES frequency bands, each 40 Hz wide."""
    import numpy as np

    spectrum = np.abs(np.fft.rfft(samples))
    return min(PITCHES - 1, int(spectrum.argmax() * RATE / len(samples) / PITCH_HZ))


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


def _spread(sentence: str, span: TimeSpan, language: str) -> Iterator[ModelWord]:
    words = sentence.split()
    for index, word in enumerate(words):
        start = span.start_s + span.duration_s * index / len(words)
        end = span.end_s if index + 1 == len(words) else span.start_s + span.duration_s * (index + 1) / len(words)
        yield ModelWord(f" {word}", TimeSpan(start, end), 1.0, language)
