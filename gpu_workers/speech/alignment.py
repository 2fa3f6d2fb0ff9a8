"""Exact word times by whisperX's alignment, with a wav2vec2 model of the language.

Whisper's attention locates a word to about a fifth of a second, a letter model to a few hundredths. Each language
needs its own model; if none is on this machine or can be downloaded, Whisper's times stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart
from app.core.settings import Settings
from app.core.types import TimeSpan
from gpu_workers.base import ModelWorker
from gpu_workers.device import best_place
from gpu_workers.speech.sentences import ModelWord, utterances
from gpu_workers.speech.vad import RATE
from gpu_workers.weights import hub

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROFILES = ("cpu", "gpu")
"""Profiles that align by default."""
AROUND_S = 0.2
"""How far beyond Whisper's times to search for a word."""
WITHOUT_SPACES = ("ja", "zh")
ALIGNERS = {
    "en": "facebook/wav2vec2-base-960h",
    "fr": "jonatasgrosman/wav2vec2-large-xlsr-53-french",
    "de": "jonatasgrosman/wav2vec2-large-xlsr-53-german",
    "es": "jonatasgrosman/wav2vec2-large-xlsr-53-spanish",
    "it": "jonatasgrosman/wav2vec2-large-xlsr-53-italian",
}
"""Models for the languages for which whisperX itself would download a torchaudio checkpoint."""


class WordAligner(ModelWorker[tuple[Any, Any]]):
    """Moves words to where they are heard. Holds one language's model at a time."""

    def __init__(self, settings: Settings) -> None:
        own = sorted(settings.weights.aligners.items())
        names = ",".join(f"{language}={hub.title(weights)}" for language, weights in own if weights)
        self._by_default = settings.profile in PROFILES
        super().__init__("+".join(["aligned", *filter(None, [names, "whisperx" if self._by_default else ""])]))
        self._own: Mapping[str, str] = dict(own)
        self._settings = settings
        self._language = ""
        self._missing: dict[str, MissingPart] = {}

    @property
    def is_wanted(self) -> bool:
        """Whether the settings ask for alignment in any language."""
        return self._by_default or any(self._own.values())

    def align(
        self, sound: NDArray[np.float32], words: Sequence[ModelWord], language: str
    ) -> tuple[list[ModelWord], str]:
        """The words with better times, and a warning for the user if the language's model is missing."""
        if language in self._missing:
            return list(words), self._warning(language)
        with self._lock:
            if language != self._language:
                self.unload()
                self._language = language
            try:
                with self._use(len(words)) as (model, described):
                    return _aligned(sound, words, model, described), ""
            except MissingPart as error:
                self._missing[language] = error
                return list(words), self._warning(language)

    def _warning(self, language: str) -> str:
        error = self._missing[language]
        return f"Word times of '{language}' come from Whisper alone. {error.message} {error.hint}"

    def _load(self) -> tuple[Any, Any]:
        from whisperx.alignment import DEFAULT_ALIGN_MODELS_HF, load_align_model

        known = {**DEFAULT_ALIGN_MODELS_HF, **ALIGNERS} if self._by_default else {}
        weights = self._own.get(self._language, known.get(self._language, ""))
        if not weights:
            raise MissingPart("There is no known alignment model for it.", "Name one in LONGREEL_WEIGHTS__ALIGNERS.")
        folder = hub.folder(str(weights), "aligners")
        loaded: tuple[Any, Any] = load_align_model(
            self._language, best_place(self._settings.hardware).device, str(folder), model_cache_only=True
        )
        loaded[0].eval()
        return loaded


def _aligned(sound: NDArray[np.float32], words: Sequence[ModelWord], model: Any, described: Any) -> list[ModelWord]:
    import whisperx.alignment

    spaced = described["language"] not in WITHOUT_SPACES
    device = next(model.parameters()).device
    aligned_words: list[ModelWord] = []
    first = 0
    # whisperX would split the sentences again with NLTK, whose data it would download.
    loader, whisperx.alignment.nltk_load = whisperx.alignment.nltk_load, lambda name: _Whole()  # noqa: ARG005
    try:
        for sentence in utterances(words):
            group = words[first : first + len(sentence.words)]
            first += len(group)
            text = (" " if spaced else "").join(word.written.strip() for word in group)
            span = TimeSpan(group[0].span.start_s, group[-1].span.end_s).padded(AROUND_S, len(sound) / RATE)
            segment = {"start": span.start_s, "end": span.end_s, "text": text}
            aligned = whisperx.alignment.align([segment], model, described, sound, device)
            aligned_words += _moved(group, [word for s in aligned["segments"] for word in s["words"]], spaced)
    finally:
        whisperx.alignment.nltk_load = loader
    return aligned_words


def _moved(group: Sequence[ModelWord], times: Sequence[Mapping[str, Any]], spaced: bool) -> list[ModelWord]:
    """The group with aligned times; for languages without spaces, whisperX reports them per letter.

    A sentence that could not be aligned as a whole keeps its times.
    """
    sizes = [1 if spaced else len(word.written.strip()) for word in group]
    if len(times) != sum(sizes) or any("start" not in one or "end" not in one for one in times):
        return list(group)
    moved, first = [], 0
    for word, size in zip(group, sizes, strict=True):
        start, end = float(times[first]["start"]), float(times[first + size - 1]["end"])
        moved.append(replace(word, span=TimeSpan(start, max(start, end))))
        first += size
    return moved


class _Whole:
    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]
