"""Reads the voice in one sound with Whisper, each part in its language. All times are seconds."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from app.core.types import TimeSpan, joined
from gpu_workers.base import free_memory, is_out_of_memory
from gpu_workers.speech import hallucination, languages, vad
from gpu_workers.speech.languages import JudgedSpan
from gpu_workers.speech.sentences import ModelWord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

MISSED_S = 2.0
"""Voice without words for this long is read once more."""
SURE_SPEECH = 0.6
"""The share of a window that a second detector must take for speech, so that unsure words are believed."""
JUDGED_S = 15.0
"""Sound in which a language is judged. Speech is repeated to fill it: on speech in twelve languages that was as good
as Whisper's 30 s, where the rest is silence, and takes a third of the time."""
CANDIDATES = 3
"""Languages in which a span of uncertain language is read, to take the one that fits best."""
WRITTEN_WEIGHT = 0.1
"""How much the judged probability of a language counts beside the probability of what is written in it."""


@dataclass(slots=True)
class SpeechReader:
    """Reads parts of one sound. When memory runs out, it halves the batch."""

    model: Any
    """A `WhisperModel` of faster-whisper."""
    sound: NDArray[np.float32]
    batch: int
    task: str
    hotwords: str = ""
    speech: Sequence[TimeSpan] = ()
    """Where a second detector hears speech."""

    def read_all(self, regions: Sequence[TimeSpan], allowed: Sequence[str], expected: str | None) -> list[ModelWord]:
        """Words of all voiced regions in time order, each with its language."""
        words: list[ModelWord] = []
        for language, voice in self._by_language(regions, allowed, expected).items():
            windows = vad.windows(voice)
            results = self._read(windows, language)
            missed = vad.unread(joined(voice, vad.BREATH_S), [word.span for word in results], at_least_s=MISSED_S)
            again = [window for window in vad.windows(missed) if window not in windows]
            words += results + self._read(again, language)
        return in_order(words, self._duration_s)

    @property
    def _duration_s(self) -> float:
        return len(self.sound) / vad.RATE

    def _by_language(
        self, regions: Sequence[TimeSpan], allowed: Sequence[str], expected: str | None
    ) -> dict[str, list[TimeSpan]]:
        if len(allowed) == 1:
            return {allowed[0]: list(regions)}
        if not self.model.model.is_multilingual:
            return {"en": list(regions)}
        spoken = self._within_memory(lambda: list(self._judged(languages.units(regions), allowed)))
        chosen = languages.most_likely(spoken, expected)
        for run in languages.uncertain(spoken, chosen):
            span = TimeSpan(spoken[run.start].span.start_s, spoken[run.stop - 1].span.end_s)
            window = next(iter(vad.windows([part for part in map(span.clipped, regions) if part is not None])))
            likely = languages.candidates(spoken, chosen, run, CANDIDATES)
            best = max(likely, key=lambda name: self._fit(window, name, likely[name]))
            chosen[run.start : run.stop] = [best] * len(run)
        return languages.in_language(regions, spoken, chosen)

    def _within_memory(self, attempt: Callable[[], Result]) -> Result:
        """The result of an attempt, repeated with half the batch for as long as memory runs out."""
        while True:
            try:
                return attempt()
            except Exception as error:
                if self.batch == 1 or not is_out_of_memory(error):
                    raise
            self.batch //= 2
            free_memory()
            logger.warning("Whisper ran out of memory. The batch size is now %d.", self.batch)

    def _judged(self, units: Sequence[TimeSpan], allowed: Sequence[str]) -> Iterator[JudgedSpan]:
        """How likely each language is in each span."""
        import numpy as np

        for first in range(0, len(units), self.batch):
            batch = units[first : first + self.batch]
            features = []
            for unit in batch:
                start = round(unit.start_s * vad.RATE)
                part = self.sound[start : max(start + 1, round(unit.end_s * vad.RATE))]
                repeated = np.resize(part, round(JUDGED_S * vad.RATE))
                features.append(self.model.feature_extractor(repeated)[..., :-1])
            encoded = self.model.encode(np.stack(features))
            for unit, guesses in zip(batch, self.model.model.detect_language(encoded), strict=True):
                shares = {token[2:-2]: float(share) for token, share in guesses}
                yield JudgedSpan(unit, languages.weighed(shares, allowed))

    def _fit(self, window: TimeSpan, language: str, share: float) -> float:
        """How well a language fits a span: how sure Whisper is of what it writes in it."""
        decoded = self._decode([window], language, beam_size=1)[0]
        if not decoded or hallucination.compression_ratio(_text(decoded)) > hallucination.MOST_REPETITIVE:
            return -math.inf
        return float(decoded[0].avg_logprob) + WRITTEN_WEIGHT * math.log(max(languages.LEAST, share))

    def _read(self, windows: Sequence[TimeSpan], language: str) -> list[ModelWord]:
        if not windows:
            return []
        results = self._decode(windows, language, beam_size=1)
        failed = [window for window, decoded in zip(windows, results, strict=True) if _failed(decoded)]
        good = [segment for decoded in results if not _failed(decoded) for segment in decoded]
        if failed:
            again = self._decode(failed, language, beam_size=5, no_repeat_ngram_size=3)
            for window, decoded in zip(failed, again, strict=True):
                is_speech = vad.voiced_share(window, self.speech) >= SURE_SPEECH
                if not _failed(decoded) or (is_speech and hallucination.is_plausible(_scores(decoded))):
                    good += decoded
        written = "en" if self.task == "translate" else language
        words = []
        for word in (word for segment in good for word in segment.words or () if word.word.strip()):
            start_s = max(0.0, float(word.start))
            span = TimeSpan(start_s, max(start_s, float(word.end)))
            words.append(ModelWord(word.word, span, float(word.probability), written))
        return in_order(words, self._duration_s)

    def _decode(self, windows: Sequence[TimeSpan], language: str, **options: Any) -> list[list[Any]]:
        return self._within_memory(lambda: self._decode_at_once(windows, language, **options))

    def _decode_at_once(self, windows: Sequence[TimeSpan], language: str, **options: Any) -> list[list[Any]]:
        """For each window the decoder's segments.

        Without time tokens Whisper base was seen to leave out the last two thirds of a window that has a pause,
        so they stay on although they cost 5 to 8 % more time.
        """
        from faster_whisper import BatchedInferencePipeline

        clips = [{"start": window.start_s, "end": window.end_s} for window in windows]
        segments, _ = BatchedInferencePipeline(self.model).transcribe(
            self.sound,
            language=language,
            task=self.task,
            clip_timestamps=clips,
            word_timestamps=True,
            without_timestamps=False,
            batch_size=self.batch,
            hotwords=self.hotwords or None,
            **options,
        )
        by_window: list[list[Any]] = [[] for _ in windows]
        frames = self.model.frames_per_second
        seeks = {int(int(window.start_s * vad.RATE) / vad.RATE * frames): i for i, window in enumerate(windows)}
        for segment in segments:
            by_window[seeks[segment.seek]].append(segment)
        return by_window


def _text(segments: Sequence[Any]) -> str:
    return "".join(segment.text for segment in segments)


def _failed(segments: Sequence[Any]) -> bool:
    return bool(segments) and hallucination.is_failed(_scores(segments))


def _scores(segments: Sequence[Any]) -> hallucination.Decoded:
    first = segments[0]
    return hallucination.Decoded(_text(segments), first.avg_logprob, first.no_speech_prob)


def in_order(words: list[ModelWord], duration_s: float) -> list[ModelWord]:
    """Words by time, none beginning before the last has ended or ending after the sound."""
    ordered: list[ModelWord] = []
    earliest = 0.0
    for word in sorted(words, key=lambda word: word.span.start_s):
        end = min(duration_s, max(earliest, word.span.end_s))
        start = min(end, max(earliest, word.span.start_s))
        ordered.append(replace(word, span=TimeSpan(start, end), probability=min(1.0, word.probability)))
        earliest = end
    return ordered
