"""Networks of the shape of YuNet and SFace that find red squares, and tell them apart by what is drawn in them.

They are built node by node, so that the files' known inputs and outputs are tested without anybody's weights. A face
is a square of pure red with a side of 48 pixels; who it is stands in the colour of its chin.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 48
"""Pixels of a face."""
POINTS = ((-8.0, -8.0), (8.0, -8.0), (0.0, 0.0), (-6.0, 8.0), (6.0, 8.0))
"""Eyes, nose and corners of the mouth around the middle of a face, pixels."""
CHIN = 20
BELOW = 10.0
"""The middle of a face is below that of what is red in it, pixels."""


def _saved(path: Path, nodes: list[Any], constants: dict[str, Any], given: Any, results: dict[str, Any]) -> Path:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in results.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def detector(path: Path) -> Path:
    """Of 12 outputs, for strides of 8, 16 and 32 pixels, only those of 8 find anything. Reads 640 x 640 pixels."""
    from onnx import helper

    nodes, constants, shapes = [], {}, {}
    for stride in (8, 16, 32):
        found = _score(stride, nodes, constants)
        for kind, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            name = f"{kind}_{stride}"
            constants[f"{name}_weight"] = np.zeros((width, 1, 1, 1), np.float32)
            bias = np.zeros(width, np.float32)
            if kind == "bbox":
                bias[:] = (0.5, 0.5 + BELOW / stride, np.log(SIDE / stride), np.log(SIDE / stride))
            if kind == "kps":
                bias[:] = np.ravel([(x / stride + 0.5, (y + BELOW) / stride + 0.5) for x, y in POINTS])
            if kind in ("cls", "obj"):
                constants[f"{name}_weight"][:] = 1.0
            constants[f"{name}_bias"] = bias
            constants[f"{name}_shape"] = np.array([1, -1, width], np.int64)
            nodes += [
                helper.make_node("Conv", [found, f"{name}_weight", f"{name}_bias"], [f"{name}_map"]),
                helper.make_node("Transpose", [f"{name}_map"], [f"{name}_last"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"{name}_last", f"{name}_shape"], [name]),
            ]
            shapes[name] = [1, (640 // stride) ** 2, width]
    order = sorted(shapes, key=lambda name: ("cls", "obj", "bbox", "kps").index(name.partition("_")[0]))
    return _saved(path, nodes, constants, [1, 3, 640, 640], {name: shapes[name] for name in order})


def _score(stride: int, nodes: list[Any], constants: dict[str, Any]) -> str:
    """How red the neighbourhood of each cell is: 1 in the middle of a square of red, 0 for the other strides."""
    from onnx import helper

    high, wide, most = (24, SIDE, 1.0) if stride == 8 else (stride, stride, 0.0)
    constants[f"red_{stride}"] = np.array([0, 0, 1], np.float32).reshape(1, 3, 1, 1) / 255
    constants[f"low_{stride}"], constants[f"high_{stride}"] = np.float32(0), np.float32(most)
    pads = [(high - stride) // 2, (wide - stride) // 2] * 2
    nodes += [
        helper.make_node("Conv", ["input", f"red_{stride}"], [f"reds_{stride}"]),
        helper.make_node(
            "AveragePool", [f"reds_{stride}"], [f"mean_{stride}"],
            kernel_shape=[high, wide], strides=[stride, stride], pads=pads, count_include_pad=1,
        ),
        helper.make_node("Clip", [f"mean_{stride}", f"low_{stride}", f"high_{stride}"], [f"score_{stride}"]),
    ]  # fmt: skip
    return f"score_{stride}"


def embedder(path: Path) -> Path:
    """The mean colours of four parts of the chin in a picture of 112 x 112 pixels, less grey, as 12 numbers."""
    from onnx import helper

    nodes = [
        helper.make_node("Slice", ["input", "from", "to", "axes"], ["chin"]),
        helper.make_node("AveragePool", ["chin"], ["means"], kernel_shape=[24, 14], strides=[24, 14]),
        helper.make_node("Sub", ["means", "grey"], ["centred"]),
        helper.make_node("Flatten", ["centred"], ["fc1"]),
    ]
    constants = {
        "from": np.array([88, 28], np.int64),
        "to": np.array([112, 84], np.int64),
        "axes": np.array([2, 3], np.int64),
        "grey": np.float32(127.5),
    }
    return _saved(path, nodes, constants, [1, 3, 112, 112], {"fc1": [1, 12]})


def draw(image: NDArray[np.uint8], left: int, top: int, below: tuple[int, int, int]) -> None:
    """Draws a face with a chin of some colour. Best found where both places are 4 more than a multiple of 8."""
    image[top : top + SIDE, left : left + SIDE] = (255, 0, 0)
    image[top + SIDE - CHIN : top + SIDE, left : left + SIDE] = below
