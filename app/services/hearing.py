"""What is said in a file that does not join the library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.core.ports import AudioSource, Transcriber
from app.core.types import Transcript, Utterance


class HearingService:
    """Transcribes files."""

    def __init__(
        self, audio: Callable[[], AudioSource], transcriber: Callable[[], Transcriber], *, chunk_s: float
    ) -> None:
        self._audio = audio
        self._transcriber = transcriber
        self._chunk_s = chunk_s

    def transcribe(self, path: Path, *, language: str | None = None, translate: bool = False) -> Transcript:
        """The sentences of a file, in time order. Raises BadInput for a file that cannot be read."""
        audio, transcriber = self._audio(), self._transcriber()
        sound = audio.survey(path, chunk_s=self._chunk_s)
        said: list[Utterance] = []
        for chunk in sound.chunks:
            samples = audio.samples(path, chunk, sound.choice)
            heard = transcriber.transcribe(samples, language=language, translate=translate)
            said += [one.moved(chunk.start_s) for one in heard.utterances]
            language = language or (heard.language if heard.utterances else None)
        return Transcript(tuple(said), language)
