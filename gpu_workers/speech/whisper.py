"""Speech to text: Whisper through faster-whisper, the library below whisperX, on the regions where somebody speaks.

Word times come from the attention of Whisper itself, which needs no other model and no torch; where an alignment
model of whisperX is at hand, it corrects them (see `alignment`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import BadInput
from app.core.settings import Settings
from app.core.types import TimeSpan, Transcript
from gpu_workers.base import ModelWorker, free_memory, is_out_of_memory
from gpu_workers.device import CPU, Device, best_place
from gpu_workers.registry import Workers
from gpu_workers.speech import hallucination, sentences, vad
from gpu_workers.speech.alignment import WordAligner
from gpu_workers.speech.vad import voice_regions
from gpu_workers.threads import threads
from gpu_workers.weights import hub, packaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

QUIET = 1e-4
"""Peak below which sound is digital silence."""

BATCH, GPU_BATCH = 4, 16
"""Pieces decoded together."""

MISSED_S = 2.0
"""Voice without words for this long is read once more."""


class WhisperTranscriber(ModelWorker[Any]):
    """Sentences with word times, without what Whisper invents where nobody speaks."""

    def __init__(
        self,
        model: str,
        locate: Callable[[], Path],
        settings: Settings,
        *,
        aligner: WordAligner | None = None,
        place: Callable[[], Device] = lambda: CPU,
    ) -> None:
        super().__init__(f"{model}+{aligner.model}" if aligner else model)
        self._locate = locate
        self._settings = settings
        self._aligner = aligner
        self._find_place = place
        self._place = CPU

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> WhisperTranscriber:
        """The Whisper that settings or profile name, else Whisper base, multilingual, from the offline packages."""
        aligner = workers.shared("aligner", lambda: WordAligner(settings))
        wanted = aligner if aligner.is_wanted else None
        if not workers.names_weights("transcriber"):
            return cls("whisper-base@1.0.0/int8", lambda: packaged.whisper_base(settings), settings, aligner=wanted)
        named = workers.weights("transcriber")

        def locate() -> Path:
            return hub.folder(named, "transcriber", hub.CTRANSLATE2)

        return cls(hub.title(named), locate, settings, aligner=wanted, place=lambda: best_place(settings.hardware))

    def _load(self) -> Any:
        """The CTranslate2 model, as faster-whisper's `WhisperModel`."""
        from faster_whisper import WhisperModel

        folder, device, number, numbers = self._prepare()
        return WhisperModel(
            str(folder),
            device,
            device_index=number,
            compute_type=numbers,
            cpu_threads=threads(self._settings.threads),
            local_files_only=True,
        )

    def _prepare(self) -> tuple[Path, str, int, str]:
        """The folder of the weights, the device and its number, and the type of the numbers."""
        folder, self._place = self._locate(), self._find_place()
        device, _, number = self._place.device.partition(":")
        return folder, device, int(number or 0), "float16" if self._place.is_gpu else "int8"

    def unload(self) -> None:
        """Frees the models; the next use loads them again."""
        if self._aligner is not None:
            self._aligner.unload()
        super().unload()

    @property
    def _batch(self) -> int:
        return self._settings.hardware.batch or (GPU_BATCH if self._place.is_gpu else BATCH)

    def transcribe(self, samples: NDArray[np.float32], *, language: str | None, translate: bool = False) -> Transcript:
        """See `Transcriber`. Raises BadInput for a language that Whisper does not know.

        Words of a translation keep Whisper's times: no letters of theirs are heard.
        """
        import numpy as np

        sound = np.nan_to_num(np.asarray(samples, dtype=np.float32).reshape(-1))
        if sound.size == 0 or float(np.abs(sound).max()) < QUIET:
            return Transcript((), language)
        with self._use(1) as model:
            regions = voice_regions(sound)
            if not regions:
                return Transcript((), language)
            if language is not None and language not in model.supported_languages:
                raise BadInput(
                    f"Whisper knows no language '{language}'.", "Give an ISO 639-1 code such as en, de or zh."
                )
            reader = _Reader(model, sound, self._batch, "translate" if translate else "transcribe")
            words, spoken = reader.read_all(regions, language)
        note = ""
        if self._aligner is not None and words and not translate:
            words, note = self._aligner.align(sound, words, spoken)
            words = _in_order(words, len(sound) / vad.RATE)
        kept = hallucination.believed(sentences.utterances(words), regions)
        return Transcript(tuple(kept), spoken if kept else language, (note,) if note else ())


@dataclass(slots=True)
class _Reader:
    """Reads pieces of one sound. When memory runs out, it halves the batch."""

    model: Any
    sound: NDArray[np.float32]
    batch: int
    task: str

    def read_all(self, regions: Sequence[TimeSpan], language: str | None) -> tuple[list[sentences.ModelWord], str]:
        """Words of all regions in time order, and the language."""
        words, spoken = self._read(vad.windows(regions), language)
        missed = vad.unread(regions, [word.span for word in words], at_least_s=MISSED_S)
        if missed:
            more, _ = self._read(vad.windows(missed), spoken)
            words = _in_order([*words, *more], len(self.sound) / vad.RATE)
        return words, spoken

    def _read(self, pieces: Sequence[TimeSpan], language: str | None) -> tuple[list[sentences.ModelWord], str]:
        found, spoken = self._decode(pieces, language, beam_size=1)
        failed = [piece for piece, decoded in zip(pieces, found, strict=True) if _failed(decoded)]
        good = [segment for decoded in found if not _failed(decoded) for segment in decoded]
        if failed:
            again, _ = self._decode(failed, spoken, beam_size=5, no_repeat_ngram_size=3)
            good += [segment for decoded in again if not _failed(decoded) for segment in decoded]
        return _in_order(list(_words(good)), len(self.sound) / vad.RATE), spoken

    def _decode(self, pieces: Sequence[TimeSpan], language: str | None, **options: Any) -> tuple[list[list[Any]], str]:
        while True:
            try:
                return self._decode_at_once(pieces, language, **options)
            except Exception as error:
                if self.batch == 1 or not is_out_of_memory(error):
                    raise
            self.batch //= 2
            free_memory()
            logger.warning("Whisper ran out of memory. The batch size is now %d.", self.batch)

    def _decode_at_once(
        self, pieces: Sequence[TimeSpan], language: str | None, **options: Any
    ) -> tuple[list[list[Any]], str]:
        """For each piece the decoder's segments, and the language.

        Without time tokens Whisper base was seen to leave out the last two thirds of a piece that has a pause,
        so they stay on although they cost 5 to 8 % more time.
        """
        from faster_whisper import BatchedInferencePipeline

        clips = [{"start": piece.start_s, "end": piece.end_s} for piece in pieces]
        segments, info = BatchedInferencePipeline(self.model).transcribe(
            self.sound,
            language=language,
            task=self.task,
            clip_timestamps=clips,
            word_timestamps=True,
            without_timestamps=False,
            batch_size=self.batch,
            **options,
        )
        by_piece: list[list[Any]] = [[] for _ in pieces]
        frames = self.model.frames_per_second
        seeks = {int(int(piece.start_s * vad.RATE) / vad.RATE * frames): i for i, piece in enumerate(pieces)}
        for segment in segments:
            by_piece[seeks[segment.seek]].append(segment)
        return by_piece, str(info.language)


def _failed(segments: Sequence[Any]) -> bool:
    if not segments:
        return False
    text = "".join(segment.text for segment in segments)
    return hallucination.is_failed(hallucination.Decoded(text, segments[0].avg_logprob, segments[0].no_speech_prob))


def _words(segments: Sequence[Any]) -> Iterator[sentences.ModelWord]:
    for segment in segments:
        for word in segment.words or ():
            if word.word.strip():
                start = max(0.0, float(word.start))
                yield sentences.ModelWord(
                    word.word, TimeSpan(start, max(start, float(word.end))), float(word.probability)
                )


def _in_order(words: list[sentences.ModelWord], duration_s: float) -> list[sentences.ModelWord]:
    """Words by time, none beginning before the last has ended or ending after the sound."""
    ordered: list[sentences.ModelWord] = []
    earliest = 0.0
    for word in sorted(words, key=lambda word: word.span.start_s):
        end = min(duration_s, max(earliest, word.span.end_s))
        start = min(end, max(earliest, word.span.start_s))
        ordered.append(sentences.ModelWord(word.written, TimeSpan(start, end), min(1.0, word.probability)))
        earliest = end
    return ordered
