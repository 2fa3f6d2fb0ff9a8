"""Speech to text: Whisper as whisperX loads it, on the regions where somebody speaks.

whisperX takes word times from a second model for each language. None is packaged, so the times come
from the attention of Whisper itself (faster-whisper's word timestamps), which needs no other model.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import BadInput
from app.core.settings import Settings
from app.core.types import TimeSpan, Transcript
from gpu_workers import weights
from gpu_workers.base import ModelWorker
from gpu_workers.cores import threads
from gpu_workers.registry import Workers
from gpu_workers.speech import doubt, sentences, voice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUIET = 1e-4
"""Peak below which sound is digital silence."""

BATCH = 4
"""Pieces decoded together."""

MISSED_S = 2.0
"""Voice without words for this long is read once more."""


class WhisperXTranscriber(ModelWorker[Any]):
    """Sentences with word times, without what Whisper invents where nobody speaks."""

    def __init__(
        self, model: str, locate: Callable[[], Path], *, cores: int = 0, device: str = "cpu", precision: str = "int8"
    ) -> None:
        super().__init__(f"{model}/{precision}")
        self._locate = locate
        self._cores = cores
        self._device = device
        self._precision = precision

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> WhisperXTranscriber:
        """Whisper base, multilingual, from the offline profile's packages."""
        del workers
        return cls("whisper-base@1.0.0", lambda: weights.whisper_base(settings), cores=settings.threads)

    def _load(self) -> Any:
        whisperx = _import_whisperx()
        with contextlib.redirect_stdout(io.StringIO()):  # it prints that the voice model is given
            return whisperx.load_model(
                str(self._locate()),
                self._device,
                compute_type=self._precision,
                vad_model=voice.SileroVoice(),
                local_files_only=True,
                threads=threads(self._cores),
            )

    def transcribe(self, samples: NDArray[np.float32], *, language: str | None) -> Transcript:
        """See `Transcriber`. Raises BadInput for a language that Whisper does not know."""
        import numpy as np

        sound = np.nan_to_num(np.asarray(samples, dtype=np.float32).reshape(-1))
        if sound.size == 0 or float(np.abs(sound).max()) < QUIET:
            return Transcript((), language)
        with self._use() as pipeline:
            regions = pipeline.vad_model(sound)
            if not regions:
                return Transcript((), language)
            if language is not None and language not in pipeline.model.supported_languages:
                raise BadInput(
                    f"Whisper knows no language '{language}'.", "Give an ISO 639-1 code such as en, de or zh."
                )
            words, spoken = _read_all(pipeline.model, sound, regions, language)
        kept = doubt.believed(sentences.utterances(words), regions)
        return Transcript(tuple(kept), spoken if kept else language)


def _import_whisperx() -> Any:
    """whisperX without its log lines on standard output and pyannote's warning about torchcodec, which is not used."""
    logger = logging.getLogger("whisperx")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import whisperx.asr

    return whisperx


def _read_all(
    model: Any, sound: NDArray[np.float32], regions: Sequence[TimeSpan], language: str | None
) -> tuple[list[sentences.Heard], str]:
    """Words of all regions in time order, and the language."""
    words, spoken = _read(model, sound, voice.windows(regions), language)
    missed = voice.unread(regions, [word.span for word in words], at_least_s=MISSED_S)
    if missed:
        more, _ = _read(model, sound, voice.windows(missed), spoken)
        words = _in_order([*words, *more], len(sound) / voice.RATE)
    return words, spoken


def _read(
    model: Any, sound: NDArray[np.float32], pieces: Sequence[TimeSpan], language: str | None
) -> tuple[list[sentences.Heard], str]:
    found, spoken = _decode(model, sound, pieces, language, beam_size=1)
    failed = [piece for piece, decoded in zip(pieces, found, strict=True) if _failed(decoded)]
    good = [segment for decoded in found if not _failed(decoded) for segment in decoded]
    if failed:
        again, _ = _decode(model, sound, failed, spoken, beam_size=5, no_repeat_ngram_size=3)
        good += [segment for decoded in again if not _failed(decoded) for segment in decoded]
    return _in_order(list(_words(good)), len(sound) / voice.RATE), spoken


def _decode(
    model: Any, sound: NDArray[np.float32], pieces: Sequence[TimeSpan], language: str | None, **options: Any
) -> tuple[list[list[Any]], str]:
    """For each piece the decoder's segments, and the language.

    Without time tokens Whisper base was seen to leave out the last two thirds of a piece that has a pause,
    so they stay on although they cost 5 to 8 % more time.
    """
    from faster_whisper import BatchedInferencePipeline

    clips = [{"start": piece.start_s, "end": piece.end_s} for piece in pieces]
    segments, info = BatchedInferencePipeline(model).transcribe(
        sound,
        language=language,
        clip_timestamps=clips,
        word_timestamps=True,
        without_timestamps=False,
        batch_size=BATCH,
        **options,
    )
    by_piece: list[list[Any]] = [[] for _ in pieces]
    seeks = {
        int(int(piece.start_s * voice.RATE) / voice.RATE * model.frames_per_second): i for i, piece in enumerate(pieces)
    }
    for segment in segments:
        by_piece[seeks[segment.seek]].append(segment)
    return by_piece, str(info.language)


def _failed(segments: Sequence[Any]) -> bool:
    if not segments:
        return False
    text = "".join(segment.text for segment in segments)
    return doubt.is_failed(doubt.Decoded(text, segments[0].avg_logprob, segments[0].no_speech_prob))


def _words(segments: Sequence[Any]) -> Iterator[sentences.Heard]:
    for segment in segments:
        for word in segment.words or ():
            if word.word.strip():
                start = max(0.0, float(word.start))
                yield sentences.Heard(word.word, TimeSpan(start, max(start, float(word.end))), float(word.probability))


def _in_order(words: list[sentences.Heard], duration_s: float) -> list[sentences.Heard]:
    """Words by time, none beginning before the last has ended or ending after the sound."""
    ordered: list[sentences.Heard] = []
    earliest = 0.0
    for word in sorted(words, key=lambda word: word.span.start_s):
        end = min(duration_s, max(earliest, word.span.end_s))
        start = min(end, max(earliest, word.span.start_s))
        ordered.append(sentences.Heard(word.written, TimeSpan(start, end), min(1.0, word.probability)))
        earliest = end
    return ordered
