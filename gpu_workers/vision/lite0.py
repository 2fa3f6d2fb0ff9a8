"""EfficientNet-Lite0 as an ONNX file with two outputs: pooled features and class probabilities.

The weights come as a PyTorch checkpoint; torch is needed once, to write the file, and never again.
Height and width stay free in the file: the network is convolutional up to its mean pooling, and a
picture that keeps its shape is recognised better than one that was squashed into a square.
"""

from __future__ import annotations

import errno
import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.core.errors import MissingPart, StorageFull
from app.core.settings import Settings
from gpu_workers import weights

logger = logging.getLogger(__name__)

FILE = "efficientnet-lite0-0.1.0-features-1.onnx"
"""The last number changes whenever the exported graph does."""


def onnx_file(settings: Settings) -> Path:
    """The exported model, written on first use (about 10 s). Raises MissingPart, StorageFull."""
    place = weights.models_folder(settings) / FILE
    if not place.is_file():
        checkpoint = weights.efficientnet_lite0(settings)
        write_whole(place, lambda fresh: _export(checkpoint, fresh))
        logger.info("Exported %s", place)
    return place


def write_whole(place: Path, write: Callable[[Path], None]) -> None:
    """Lets `write` fill a file under a temporary name, then renames it. Raises MissingPart, StorageFull."""
    fresh = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write(fresh)
        fresh.replace(place)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                f"The disk of {place.parent} is full: {place.name} could not be written.",
                "Free some space or set LONGREEL_HOME to a larger disk, then try again.",
            ) from error
        raise MissingPart(
            f"{place.name} could not be written to {place.parent}: {error.strerror or error}.",
            "Set LONGREEL_HOME to a folder that you may write to.",
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


def _export(checkpoint: Path, place: Path) -> None:
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True))

    class TwoOutputs(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixels: Any) -> tuple[Any, Any]:
            features = self.network.extract_features(pixels).mean((2, 3))
            return features, torch.softmax(self.network._fc(features), 1)

    with warnings.catch_warnings():
        # The exporter that needs no further package announces its successor, which needs onnxscript.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            TwoOutputs().eval(),
            torch.zeros(1, 3, 224, 224),
            str(place),
            input_names=["pixels"],
            output_names=["features", "probabilities"],
            dynamic_axes={"pixels": {0: "n", 2: "h", 3: "w"}, "features": {0: "n"}, "probabilities": {0: "n"}},
            opset_version=17,
            dynamo=False,
        )
