"""Models of TensorFlow.js as ONNX: graph models whose operations are those of small convolutional networks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]
    Node = Mapping[str, Any]

OPSET = 17
TO_CHANNELS, FROM_CHANNELS = [0, 3, 1, 2], [0, 2, 3, 1]
"""TensorFlow has the channels last, ONNX before the sides."""


def read_model(description: Path, weights: Path) -> bytes:
    """The ONNX model of a graph model and its one file of weights. Raises MissingPart for operations not known here."""
    import numpy as np

    graph = json.loads(description.read_text("utf-8"))
    constants: dict[str, Array] = {}
    data, at = weights.read_bytes(), 0
    for one in graph["weightsManifest"][0]["weights"]:
        stored = np.dtype(one.get("quantization", {}).get("dtype", one["dtype"]))
        count = int(np.prod(one["shape"], dtype=np.int64))
        array = np.frombuffer(data, stored, count, at).reshape(one["shape"])
        at += count * stored.itemsize
        if "min" in one.get("quantization", {}):
            array = array * np.float32(one["quantization"]["scale"]) + np.float32(one["quantization"]["min"])
        constants[one["name"]] = array.astype(one["dtype"])
    return _Writer(graph, constants).model()


class _Writer:
    """Writes the operations of a graph one after the other."""

    def __init__(self, graph: Mapping[str, Any], constants: dict[str, Array]) -> None:
        self._graph = graph
        self._constants = constants
        self._written: set[str] = set()
        self._nodes: list[Any] = []
        self._initializers: list[Any] = []
        self._operations: dict[str, Callable[[Node, list[str]], None]] = {
            "Identity": lambda node, given: self._add("Identity", given, [node["name"]]),
            "Sigmoid": lambda node, given: self._add("Sigmoid", given, [node["name"]]),
            "Add": lambda node, given: self._add("Add", [self._tensor(one) for one in given], [node["name"]]),
            "AddV2": self._sum,
            "SparseToDense": self._dense,
            "LeakyRelu": lambda node, given: self._add(
                "LeakyRelu", given, [node["name"]], alpha=node["attr"]["alpha"]["f"]
            ),
            "Transpose": lambda node, given: self._add(
                "Transpose", given[:1], [node["name"]], perm=self._constants[given[1]].tolist()
            ),
            "Reshape": lambda node, given: self._add("Reshape", [given[0], self._shape(given[1])], [node["name"]]),
            "Pad": self._pad,
            "PadV2": self._pad,
            "Conv2D": self._convolution,
            "MaxPool": self._pool,
            "ConcatV2": self._concat,
            "SplitV": self._split,
            "ResizeBilinear": self._resize,
        }

    def model(self) -> bytes:
        """The whole graph. Raises MissingPart."""
        from onnx import TensorProto, helper

        inputs = []
        nodes = {node["name"]: node for node in self._graph["modelTopology"]["node"]}
        reads = {name: [one.partition(":")[0] for one in node.get("input", ())] for name, node in nodes.items()}
        for node in (nodes[name] for name in TopologicalSorter(reads).static_order() if name in nodes):
            if node["op"] == "Const":
                continue
            if node["op"] == "Placeholder":
                shape = [int(one["size"]) for one in node["attr"]["shape"]["shape"]["dim"]]
                inputs.append(helper.make_tensor_value_info(node["name"], TensorProto.FLOAT, shape))
                continue
            if node["op"] not in self._operations:
                raise MissingPart(f"The operation {node['op']} of the model is not known.", "Use the published model.")
            self._operations[node["op"]](node, [one.removesuffix(":0") for one in node["input"]])
        outputs = [
            helper.make_tensor_value_info(
                one["name"].removesuffix(":0"),
                TensorProto.FLOAT,
                [int(side["size"]) for side in one["tensorShape"]["dim"]],
            )
            for one in self._graph["signature"]["outputs"].values()
        ]
        graph = helper.make_graph(self._nodes, "model", inputs, outputs, self._initializers)
        whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        return bytes(whole.SerializeToString())

    def _add(self, kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, outputs, **attributes))

    def _tensor(self, name: str, array: Array | None = None) -> str:
        """The name of an input, which is written down first where it is a constant."""
        from onnx import numpy_helper

        if array is not None:
            self._constants[name] = array
        if name in self._constants and name not in self._written:
            self._written.add(name)
            self._initializers.append(numpy_helper.from_array(self._constants[name], name))
        return name

    def _shape(self, name: str) -> str:
        import numpy as np

        return self._tensor(f"{name}/int64", self._constants[name].astype(np.int64))

    def _sum(self, node: Node, inputs: list[str]) -> None:
        if all(one in self._constants for one in inputs):
            self._constants[node["name"]] = self._constants[inputs[0]] + self._constants[inputs[1]]  # type: ignore[operator]
        else:
            self._add("Add", [self._tensor(one) for one in inputs], [node["name"]])

    def _dense(self, node: Node, inputs: list[str]) -> None:
        """Constants only: shapes that the exporter computes."""
        import numpy as np

        places, shape, values, usual = (self._constants[one] for one in inputs)
        array = np.full(shape.tolist(), usual)
        for place, value in zip(places.tolist(), np.broadcast_to(values, len(places)).tolist(), strict=True):
            array[tuple(place)] = value
        self._constants[node["name"]] = array

    def _pad(self, node: Node, inputs: list[str]) -> None:
        pads = self._tensor(f"{node['name']}/pads", self._constants[inputs[1]].T.reshape(-1).astype("int64"))
        value = [self._tensor(inputs[2])] if len(inputs) > 2 else []
        self._add("Pad", [inputs[0], pads, *value], [node["name"]])

    def _channels_first(self, node: Node, kind: str, inputs: list[str], **attributes: Any) -> None:
        """An operation on pictures between two changes of the order of axes."""
        before, after = f"{node['name']}/before", f"{node['name']}/after"
        self._add("Transpose", inputs[:1], [before], perm=TO_CHANNELS)
        self._add(kind, [before, *inputs[1:]], [after], **attributes)
        self._add("Transpose", [after], [node["name"]], perm=FROM_CHANNELS)

    def _convolution(self, node: Node, inputs: list[str]) -> None:
        """Where each filter reads one channel of several, it is a depthwise one."""
        if base64.b64decode(node["attr"]["padding"]["s"]) != b"VALID":
            raise MissingPart("The model pads in a way that is not known.", "Use the published model.")
        filters = self._constants[inputs[1]].transpose(3, 2, 0, 1)
        group = filters.shape[0] if filters.shape[1] == 1 else 1
        strides = [int(one) for one in node["attr"]["strides"]["list"]["i"][1:3]]
        weights = self._tensor(f"{inputs[1]}/filters", filters)
        self._channels_first(node, "Conv", [inputs[0], weights], strides=strides, group=group)

    def _pool(self, node: Node, inputs: list[str]) -> None:
        sides, strides = ([int(one) for one in node["attr"][name]["list"]["i"][1:3]] for name in ("ksize", "strides"))
        self._channels_first(node, "MaxPool", inputs, kernel_shape=sides, strides=strides)

    def _concat(self, node: Node, inputs: list[str]) -> None:
        self._add("Concat", inputs[:-1], [node["name"]], axis=int(self._constants[inputs[-1]]))

    def _split(self, node: Node, inputs: list[str]) -> None:
        count = len(self._constants[inputs[1]])
        names = [node["name"], *(f"{node['name']}:{number}" for number in range(1, count))]
        self._add("Split", [inputs[0], self._shape(inputs[1])], names, axis=int(self._constants[inputs[2]]))

    def _resize(self, node: Node, inputs: list[str]) -> None:
        import numpy as np

        before, after = f"{node['name']}/before", f"{node['name']}/after"
        self._add("Transpose", inputs[:1], [before], perm=TO_CHANNELS)
        self._add("Shape", [before], [f"{before}/shape"])
        places = (("from", 0), ("to", 2))
        first = [self._tensor(f"{node['name']}/{name}", np.array([at], np.int64)) for name, at in places]
        self._add("Slice", [f"{before}/shape", *first], [f"{before}/channels"])
        self._add("Concat", [f"{before}/channels", self._shape(inputs[1])], [f"{before}/sizes"], axis=0)
        how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        self._add("Resize", [before, "", "", f"{before}/sizes"], [after], **how)
        self._add("Transpose", [after], [node["name"]], perm=FROM_CHANNELS)
