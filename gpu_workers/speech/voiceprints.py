"""Who speaks when, without a network: voice regions, a vector for each 1.5 s of them, clusters of vectors.

Where several speak at once, the louder is heard. Sound is read a window at a time, so memory depends on the length
of the piece only by its samples and 768 bytes for each 0.75 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.core.settings import Settings
from app.core.types import Diarization, TimeSpan
from gpu_workers.base import ModelWorker
from gpu_workers.onnx import open_session
from gpu_workers.registry import Workers
from gpu_workers.speech import campplus
from gpu_workers.speech.clustering import agglomerate, centres
from gpu_workers.speech.fbank import fbank
from gpu_workers.speech.turns import WINDOW_S, smoothed, turns, windows
from gpu_workers.speech.vad import RATE, voice_regions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 16
SAME_WINDOWS = 0.4
"""Mean cosine of windows of 1.5 s from which two groups are one voice."""


class VoiceprintDiarizer(ModelWorker[Any]):
    """Diarizer of the offline profile, over CAM++."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("campplus-zh-en@0.2.2-1")
        self._settings = settings

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> VoiceprintDiarizer:
        """Made for the settings' threads and folder."""
        del workers
        return cls(settings)

    def _load(self) -> Any:
        return open_session(campplus.onnx_file(self._settings), self._settings.threads)

    def diarize(self, samples: NDArray[np.float32]) -> Diarization:
        """See `Diarizer`."""
        import numpy as np

        sound = np.nan_to_num(np.asarray(samples, dtype=np.float32).reshape(-1))
        pieces = windows(voice_regions(sound)) if len(sound) else []
        if not pieces:
            return Diarization((), np.zeros((0, campplus.SIZE), np.float32))
        spans = [window.span for window in pieces]
        sizes = [window.share.duration_s for window in pieces]
        vectors = self.voices(sound, spans)
        labels = agglomerate(vectors, sizes, SAME_WINDOWS)
        alike = vectors @ centres(vectors, sizes, labels).T
        _, smooth = np.unique(smoothed(pieces, labels.tolist(), alike.tolist()), return_inverse=True)
        return Diarization(tuple(turns(pieces, smooth.tolist())), centres(vectors, sizes, smooth))

    def voices(self, sound: NDArray[np.float32], spans: Sequence[TimeSpan]) -> NDArray[np.float32]:
        """A unit vector for each span of at most WINDOW_S, shape (n, SIZE); a shorter one is heard over and over."""
        import numpy as np

        found = []
        with self._use(len(spans)) as session:
            for first in range(0, len(spans), BATCH):
                batch = spans[first : first + BATCH]
                voices = [sound[round(s.start_s * RATE) :][: round(s.duration_s * RATE)] for s in batch]
                whole = np.stack([np.resize(voice, round(WINDOW_S * RATE)) for voice in voices])
                found.append(session.run(None, {"features": fbank(whole)})[0])
        vectors: NDArray[np.float32] = np.concatenate(found)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors
