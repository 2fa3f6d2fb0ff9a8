"""What is said in a file that does not join the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.core.ports import AudioSource, Transcriber
from app.core.types import Transcript, Utterance, main_language


class HearingService:
    """Transcribes files."""

    def __init__(
        self, audio: Callable[[], AudioSource], transcriber: Callable[[], Transcriber], *, chunk_s: float
    ) -> None:
        self._audio = audio
        self._transcriber = transcriber
        self._chunk_s = chunk_s

    def transcribe(self, path: Path, languages: Sequence[str] = ()) -> Transcript:
        """The sentences of a file, in time order; without `languages` any may be spoken.

        Raises BadInput for a file that cannot be read.
        """
        audio, transcriber = self._audio(), self._transcriber()
        sound = audio.survey(path, chunk_s=self._chunk_s)
        utterances: list[Utterance] = []
        expected: str | None = None
        for chunk in sound.chunks:
            samples = audio.samples(path, chunk, sound.choice)
            heard = transcriber.transcribe(samples, languages=languages, expected=expected)
            utterances += [one.moved(chunk.start_s) for one in heard.utterances]
            expected = expected or heard.language
        return Transcript(tuple(utterances), main_language(utterances))
