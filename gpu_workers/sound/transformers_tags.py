"""Sounds by a classifier that was trained on AudioSet, such as the Audio Spectrogram Transformer (arXiv 2104.01778)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart
from app.core.settings import Settings
from app.core.types import SoundSpan, TimeSpan
from gpu_workers.device import Device
from gpu_workers.sound.spans import silences, sounding
from gpu_workers.speech.vad import RATE
from gpu_workers.torch_worker import TorchWorker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

ROLE = "sound_tagger"
CLASSES = {"speech": "Speech", "singing": "Singing", "music": "Music", "applause": "Applause", "laughter": "Laughter"}
"""Our names of sounds, and AudioSet's."""
WINDOW_S, STEP_S = 4.0, 1.0
"""Length of the sound that is judged at once, and the time between two of them."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    extractor: Any
    places: dict[str, int]
    device: str


class TransformersSoundTagger(TorchWorker[_Loaded]):
    """Sound tagger over any audio classifier of transformers that knows AudioSet's classes."""

    PRECISE = True
    names = (*CLASSES, "silence")

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersSoundTagger:
        """The weights of the settings or the profile."""
        return cls(workers.weights(ROLE), ROLE, settings)

    def tag(self, samples: NDArray[np.float32]) -> list[SoundSpan]:
        """See `SoundTagger`."""
        import numpy as np

        def judge(loaded: _Loaded, windows: Sequence[NDArray[np.float32]]) -> list[dict[str, float]]:
            # Several sounds may be heard at once.
            features = loaded.extractor(list(windows), sampling_rate=RATE, return_tensors="pt").to(loaded.device)
            shares = loaded.model(**features).logits.sigmoid().float().cpu().numpy()
            return [{name: float(row[at]) for name, at in loaded.places.items()} for row in shares]

        sound = np.nan_to_num(np.asarray(samples, dtype=np.float32).reshape(-1))
        found = silences(sound)
        if len(sound):
            size, half = round(WINDOW_S * RATE), round((WINDOW_S - STEP_S) / 2 * RATE)
            padded = np.pad(sound, (half, size))
            windows = [padded[at : at + size] for at in range(0, len(sound), round(STEP_S * RATE))]
            shares = self._in_batches(windows, judge)
            for name in dict.fromkeys(name for share in shares for name in share):
                found += sounding(np.array([share[name] for share in shares], np.float32), STEP_S, name)
        end_s = len(sound) / RATE
        inside = [one for one in found if one.span.start_s < end_s]
        spans = [TimeSpan(one.span.start_s, min(one.span.end_s, end_s)) for one in inside]
        return sorted(
            (replace(one, span=span) for one, span in zip(inside, spans, strict=True)), key=lambda one: one.span
        )

    def _load_at(self, folder: Path, place: Device) -> _Loaded:
        from transformers import AutoFeatureExtractor

        model = self._built("AutoModelForAudioClassification", folder, place)
        known = {str(label): int(at) for at, label in model.config.id2label.items()}
        places = {name: known[label] for name, label in CLASSES.items() if label in known}
        if not places:
            raise MissingPart(f"{self.model} does not know AudioSet's classes.", "Choose one trained on AudioSet.")
        return _Loaded(model, AutoFeatureExtractor.from_pretrained(folder, local_files_only=True), places, place.device)
