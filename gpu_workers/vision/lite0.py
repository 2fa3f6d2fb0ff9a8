"""EfficientNet-Lite0 as an ONNX file with two outputs: pooled features and class probabilities.

The weights come as a PyTorch checkpoint, which is read here without torch; the graph is written operator by operator.
Height and width stay free in the file: the network is convolutional up to its mean pooling, and a
picture that keeps its shape is recognised better than one that was squashed into a square.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.settings import Settings
from gpu_workers.weights import packaged, parts
from gpu_workers.weights.checkpoint import read_tensors
from gpu_workers.weights.file_cache import make_once

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Tensors = Mapping[str, NDArray[np.float32]]

STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
"""Kernel, stride, expansion, channels out, and repeats of each stage (Tan and Le, arXiv 1905.11946, table 1).
The Lite form has no squeeze-and-excitation, and ReLU6 in place of swish."""
EPSILON = 1e-3
OPSET = 17


def onnx_file(settings: Settings) -> Path:
    """The exported model, written on first use (about a second). Raises MissingPart, StorageFull."""

    def export(fresh: Path) -> None:
        import onnx

        onnx.save(network(read_tensors(packaged.efficientnet_lite0(settings))), str(fresh))

    part = parts.EFFICIENTNET_LITE0
    return make_once(packaged.models_folder(settings) / part.exported, part.name, export)


def network(tensors: Tensors) -> Any:
    """The model as ONNX: "pixels" [n, 3, h, w], already (x - 127) / 128, with h and w multiples of 32, to "features"
    [n, 1280] and "probabilities" [n, 1000]."""
    from onnx import TensorProto, helper

    graph = _Graph(tensors)
    x = graph.convolve("pixels", "_conv_stem", "_bn0", stride=2, relu=True)
    for number, (kernel, stride, expansion, changes_shape) in enumerate(_blocks()):
        name = f"_blocks.{number}"
        inner = x
        if expansion > 1:
            inner = graph.convolve(inner, f"{name}._expand_conv", f"{name}._bn0", relu=True)
        inner = graph.convolve(
            inner, f"{name}._depthwise_conv", f"{name}._bn1", kernel=kernel, stride=stride, depthwise=True, relu=True
        )
        inner = graph.convolve(inner, f"{name}._project_conv", f"{name}._bn2")
        x = inner if changes_shape else graph.add("Add", [x, inner])
    x = graph.convolve(x, "_conv_head", "_bn1", relu=True)
    pooled = graph.add("GlobalAveragePool", [x])
    graph.add("Flatten", [pooled], output="features")
    weights = [graph.constant("_fc.weight", tensors["_fc.weight"]), graph.constant("_fc.bias", tensors["_fc.bias"])]
    scores = graph.add("Gemm", ["features", *weights], transB=1)
    graph.add("Softmax", [scores], output="probabilities", axis=1)
    free = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, "h", "w"])
    outputs = [
        helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 1280]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 1000]),
    ]
    made = helper.make_graph(graph.nodes, "efficientnet-lite0", [free], outputs, graph.constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def _blocks() -> Iterator[tuple[int, int, int, bool]]:
    """Kernel, stride, expansion of each block, and whether its output has another shape than its input."""
    for kernel, stride, expansion, _, repeats in STAGES:
        for place in range(repeats):
            yield kernel, stride if place == 0 else 1, expansion, place == 0


@dataclass
class _Graph:
    """Nodes and constants of a graph under construction."""

    tensors: Tensors
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def add(self, kind: str, inputs: list[str], *, output: str = "", **attributes: Any) -> str:
        """Appends a node; gives the name of its output."""
        from onnx import helper

        output = output or f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, name: str, values: NDArray[np.float32]) -> str:
        """Stores an array; gives its name."""
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def convolve(
        self,
        x: str,
        weights: str,
        norm: str,
        *,
        kernel: int = 0,
        stride: int = 1,
        depthwise: bool = False,
        relu: bool = False,
    ) -> str:
        """A convolution with TensorFlow's "same" padding, the batch norm after it folded in, and ReLU6 on request."""
        import numpy as np

        values = self.tensors[f"{weights}.weight"]
        scale = self.tensors[f"{norm}.weight"] / np.sqrt(self.tensors[f"{norm}.running_var"] + EPSILON)
        shift = self.tensors[f"{norm}.bias"] - self.tensors[f"{norm}.running_mean"] * scale
        named = [
            self.constant(f"{weights}.weight", values * scale[:, None, None, None]),
            self.constant(f"{weights}.bias", shift.astype(np.float32)),
        ]
        side = kernel or values.shape[2]
        missing = side - stride  # of an input whose sides the stride divides
        before, after = missing // 2, missing - missing // 2
        x = self.add(
            "Conv",
            [x, *named],
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=values.shape[0] if depthwise else 1,
        )
        if not relu:
            return x
        limits = [self._limit("zero", 0.0), self._limit("six", 6.0)]
        return self.add("Clip", [x, *limits])

    def _limit(self, name: str, value: float) -> str:
        import numpy as np

        if all(constant.name != name for constant in self.constants):
            self.constant(name, np.asarray(value, np.float32))
        return name
