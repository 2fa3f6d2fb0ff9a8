"""CAM++ as an ONNX file: turns 1.5 s of a voice into a vector that identifies the speaker.

CAM++ (Wang et al. 2023, arXiv 2303.00332) has a small two-dimensional convolutional head, then three dense blocks of
time-delay layers whose outputs are masked by their context, then the mean and the deviation over time. The weights
were trained on 200,000 speakers of Chinese and English (3D-Speaker, Apache-2.0) and come as a PyTorch checkpoint.
torch is needed only once, to export the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.core.errors import MissingPart
from app.core.settings import Settings
from gpu_workers.onnx import write_network
from gpu_workers.speech.fbank import BANDS
from gpu_workers.weights import packaged, parts
from gpu_workers.weights.file_cache import make_once

FRAMES = 148
"""Frames of `fbank` in 1.5 s."""
SIZE = 192
_BLOCKS = ((12, 1), (24, 2), (16, 2))
"""The number of layers in each dense block, and their dilation."""


def onnx_file(settings: Settings) -> Path:
    """The exported model, written on first use (a few seconds). Raises MissingPart, StorageFull."""

    def export(fresh: Path) -> None:
        try:
            import torch
        except ImportError as error:
            raise MissingPart(
                "Separating speakers needs torch once, to prepare its model.", "Run: pip install 'longreel[speakers]'"
            ) from error

        layers = _Layers(torch.load(packaged.campplus(settings), map_location="cpu", weights_only=True))

        class Network(torch.nn.Module):  # type: ignore[misc]
            def forward(self, features: Any) -> Any:
                return layers.embed(features - features.mean(1, keepdim=True))

        free = {"features": {0: "n"}, "voice": {0: "n"}}
        write_network(Network(), (torch.zeros(2, FRAMES, BANDS),), fresh, "voice", free)

    part = parts.CAMPPLUS
    return make_once(packaged.models_folder(settings) / part.exported, part.name, export)


class _Layers:
    """The network as a function of its weights, by their names in the checkpoint."""

    def __init__(self, weights: dict[str, Any]) -> None:
        self._weights = weights

    def embed(self, features: Any) -> Any:
        """(n, FRAMES, BANDS) to (n, SIZE)."""
        x = features.transpose(1, 2).unsqueeze(1)
        x = self._norm("head.bn1", self._conv("head.conv1", x, padding=1)).relu()
        for name in ("head.layer1.0", "head.layer1.1", "head.layer2.0", "head.layer2.1"):
            x = self._residual(name, x)
        x = self._norm("head.bn2", self._conv("head.conv2", x, stride=(2, 1), padding=1)).relu().flatten(1, 2)
        x = self._activated("xvector.tdnn", self._conv("xvector.tdnn.linear", x, stride=2, padding=2))
        for number, (depth, dilation) in enumerate(_BLOCKS, 1):
            for layer in range(1, depth + 1):
                x = self._dense(f"xvector.block{number}.tdnnd{layer}", x, dilation)
            name = f"xvector.transit{number}"
            x = self._conv(f"{name}.linear", self._activated(name, x))
        x = self._norm("xvector.out_nonlinear.batchnorm", x).relu()
        mean = x.mean(-1)
        deviation = ((x - mean.unsqueeze(-1)).square().sum(-1) / (x.shape[-1] - 1)).sqrt()
        pooled = self._cat([mean, deviation]).unsqueeze(-1)
        return self._norm("xvector.dense.nonlinear.batchnorm", self._conv("xvector.dense.linear", pooled).squeeze(-1))

    def _residual(self, name: str, x: Any) -> Any:
        """Two convolutions and a shortcut; the first block of a pair halves the bands."""
        narrows = f"{name}.shortcut.0.weight" in self._weights
        stride = (2, 1) if narrows else 1
        y = self._norm(f"{name}.bn1", self._conv(f"{name}.conv1", x, stride=stride, padding=1)).relu()
        y = self._norm(f"{name}.bn2", self._conv(f"{name}.conv2", y, padding=1))
        if narrows:
            x = self._norm(f"{name}.shortcut.1", self._conv(f"{name}.shortcut.0", x, stride=stride))
        return (x + y).relu()

    def _dense(self, name: str, x: Any, dilation: int) -> Any:
        """A time-delay layer whose output is masked by its context and appended to its input."""
        y = self._conv(f"{name}.linear1", self._norm(f"{name}.nonlinear1.batchnorm", x).relu())
        y = self._norm(f"{name}.nonlinear2.batchnorm", y).relu()
        # The paper adds the mean of each 2 s segment to that of the whole; with 1.5 s, both are the same mean.
        context = self._conv(f"{name}.cam_layer.linear1", 2 * y.mean(-1, keepdim=True)).relu()
        mask = self._conv(f"{name}.cam_layer.linear2", context).sigmoid()
        local = self._conv(f"{name}.cam_layer.linear_local", y, padding=dilation, dilation=dilation)
        return self._cat([x, local * mask])

    def _activated(self, name: str, x: Any) -> Any:
        return self._norm(f"{name}.nonlinear.batchnorm", x).relu()

    def _cat(self, parts: list[Any]) -> Any:
        import torch

        return torch.cat(parts, 1)

    def _conv(self, name: str, x: Any, **options: Any) -> Any:
        from torch.nn import functional

        weight = self._weights[f"{name}.weight"]
        convolve = functional.conv2d if weight.ndim == 4 else functional.conv1d
        return convolve(x, weight, self._weights.get(f"{name}.bias"), **options)

    def _norm(self, name: str, x: Any) -> Any:
        from torch.nn import functional

        mean, variance = self._weights[f"{name}.running_mean"], self._weights[f"{name}.running_var"]
        return functional.batch_norm(
            x, mean, variance, self._weights.get(f"{name}.weight"), self._weights.get(f"{name}.bias")
        )
