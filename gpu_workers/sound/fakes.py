"""A sound tagger without weights, for tests: a steady tone is music, any other loud sound is speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.settings import Settings
from app.core.types import SoundSpan
from gpu_workers.registry import Workers
from gpu_workers.sound.spans import silences, sounding
from gpu_workers.speech.vad import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEP_S = 0.1
LOUD = 0.02
PURE = 0.5
"""The share of the energy in the loudest band from which a sound is a tone."""


class FakeSoundTagger:
    """Separates tones from everything else."""

    model = "fake-sounds@1"
    names = ("speech", "music", "silence")

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeSoundTagger:
        """Needs nothing."""
        del settings, workers
        return cls()

    def tag(self, samples: NDArray[np.float32]) -> list[SoundSpan]:
        """See `SoundTagger`."""
        import numpy as np

        size = round(STEP_S * RATE)
        steps = [samples[at : at + size] for at in range(0, len(samples), size)]
        loud = np.array([float(np.sqrt(np.mean(step**2))) >= LOUD for step in steps], bool)
        tones = np.zeros(len(steps), bool)
        for place, step in enumerate(steps):
            power = np.abs(np.fft.rfft(step * np.hanning(len(step)))) ** 2
            at = int(power.argmax())
            tones[place] = float(power[max(0, at - 2) : at + 3].sum()) >= PURE * float(power.sum()) > 0
        spans = silences(samples)
        spans += sounding((loud & tones).astype(np.float32), STEP_S, "music")
        spans += sounding((loud & ~tones).astype(np.float32), STEP_S, "speech")
        return sorted(spans, key=lambda one: one.span)
