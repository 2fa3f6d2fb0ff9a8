"""What is said in a file that does not join the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import BadInput, Cancelled
from app.core.ports import AudioSource, Transcriber
from app.core.types import Utterance, main_language


@dataclass(frozen=True, slots=True)
class FileTranscript:
    """What is said in a whole file."""

    utterances: tuple[Utterance, ...]
    """In time order."""
    language: str | None
    """The one that is spoken longest, ISO 639-1."""
    duration_s: float
    """The length of the sound."""


class HearingService:
    """Transcribes files."""

    def __init__(
        self, audio: Callable[[], AudioSource], transcriber: Callable[[], Transcriber], *, chunk_s: float
    ) -> None:
        self._audio = audio
        self._transcriber = transcriber
        self._chunk_s = chunk_s

    def transcribe(
        self, path: Path, languages: Sequence[str] = (), cancelled: Callable[[], bool] = lambda: False
    ) -> FileTranscript:
        """The sentences of a file; without `languages` any may be spoken.

        Raises BadInput for a file that cannot be read or has no sound, Cancelled.
        """
        audio, transcriber = self._audio(), self._transcriber()
        sound = audio.survey(path, chunk_s=self._chunk_s)
        if not sound.chunks:
            raise BadInput(f"{path.name} has no sound.", "Give a file with sound.")
        utterances: list[Utterance] = []
        expected: str | None = None
        for chunk in sound.chunks:
            if cancelled():
                raise Cancelled("The transcription was cancelled.")
            samples = audio.samples(path, chunk, sound.choice)
            heard = transcriber.transcribe(samples, languages=languages, expected=expected)
            utterances += [one.moved(chunk.start_s) for one in heard.utterances]
            expected = expected or heard.language
        return FileTranscript(tuple(utterances), main_language(utterances), sound.chunks[-1].end_s)
