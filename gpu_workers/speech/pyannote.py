"""Speaker diarization with a pyannote pipeline, as whisperX loads it, from a folder or a (licensed) hub name."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from app.core.settings import Settings
from app.core.types import Diarization, TimeSpan, VoiceTurn
from gpu_workers.base import ModelWorker
from gpu_workers.device import best_place
from gpu_workers.registry import Workers
from gpu_workers.speech.vad import RATE
from gpu_workers.weights import hub

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_S = 1.0
"""Shorter sounds contain no turn and do not fill the pipeline's windows."""


class PyannoteDiarizer(ModelWorker[Any]):
    """Diarizer for `pyannote/speaker-diarization-community-1` and similar pipelines."""

    def __init__(self, weights: str, settings: Settings) -> None:
        super().__init__(hub.title(weights))
        self._weights = weights
        self._settings = settings

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> PyannoteDiarizer:
        """With the weights of the settings or the profile. Raises BadSettings."""
        return cls(workers.weights("diarizer"), settings)

    def _load(self) -> Any:
        folder = hub.folder(self._weights, "diarizer", hub.PYANNOTE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyannote warns that torchcodec is missing, but it is not used
            from pyannote.audio.telemetry import set_telemetry_metrics
            from whisperx.diarize import DiarizationPipeline

            set_telemetry_metrics(False)
            return DiarizationPipeline(str(folder), device=best_place(self._settings.hardware).device)

    def diarize(self, samples: NDArray[np.float32]) -> Diarization:
        """See `Diarizer`. When several voices speak at once, the turn goes to the one that pyannote hears best."""
        import numpy as np

        sound = np.nan_to_num(np.asarray(samples, dtype=np.float32).reshape(-1))
        if len(sound) < LEAST_S * RATE or not float(np.abs(sound).max()):
            return _nobody()
        with self._use(1) as pipeline, warnings.catch_warnings():
            import torch

            warnings.simplefilter("ignore")  # about statistics of a single frame, which pyannote handles
            output = pipeline.model({"waveform": torch.from_numpy(sound[None]), "sample_rate": RATE})
        vectors = output.speaker_embeddings
        labels = output.speaker_diarization.labels()
        if vectors is None or not labels:
            return _nobody()
        # pyannote has no vector for voices that speak too briefly.
        known = [i for i, vector in enumerate(vectors[: len(labels)]) if np.isfinite(vector).all() and np.any(vector)]
        rows = {labels[i]: row for row, i in enumerate(known)}
        duration_s = len(sound) / RATE
        turns = []
        for span, _, label in output.exclusive_speaker_diarization.itertracks(yield_label=True):
            if label in rows and span.start < duration_s:
                turns.append(VoiceTurn(TimeSpan(max(0.0, span.start), min(duration_s, span.end)), rows[label]))
        if not turns:
            return _nobody()
        voices = np.array([vectors[i] for i in known], np.float32)
        voices /= np.linalg.norm(voices, axis=1, keepdims=True)
        return Diarization(tuple(sorted(turns, key=lambda turn: turn.span)), voices)


def _nobody() -> Diarization:
    import numpy as np

    return Diarization((), np.zeros((0, 1), np.float32))
