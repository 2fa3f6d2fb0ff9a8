"""Models of TensorFlow.js become ONNX models that compute the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from app.core.errors import MissingPart
from gpu_workers.weights.tfjs import read_model

RANDOM = np.random.default_rng(5)
SIDE, CHANNELS, FILTERS = 6, 2, 3
WEIGHTS = {
    "pads": np.array([[0, 0], [0, 0], [1, 1], [1, 1]], np.int32),
    "last": np.array([0, 2, 3, 1], np.int32),
    "full": RANDOM.normal(size=(3, 3, CHANNELS, FILTERS)).astype(np.float32),
    "bias": RANDOM.normal(size=FILTERS).astype(np.float32),
    "deep": RANDOM.normal(size=(3, 3, 1, FILTERS)).astype(np.float32),
    "sizes": np.array([1, 2], np.int32),
    "axis": np.array(3, np.int32),
    "double": np.array([8, 8], np.int32),
    "none": np.zeros((0, 1), np.int32),
    "length": np.array([2], np.int32),
    "nothing": np.zeros(0, np.int32),
    "zero": np.array(0, np.int32),
    "flat": np.array([48, 4], np.int32),
}
VALID = {"padding": {"s": "VkFMSUQ="}, "strides": {"list": {"i": ["1", "1", "1", "1"]}}}
POOL = {"ksize": {"list": {"i": ["1", "1", "1", "1"]}}, "strides": {"list": {"i": ["1", "1", "1", "1"]}}}


def node(name: str, op: str, *given: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "op": op, "input": list(given), "attr": attributes}


SHAPE = {"shape": {"dim": [{"size": str(size)} for size in (1, CHANNELS, SIDE, SIDE)]}}
NODES = [
    node("out", "Identity", "reshaped"),  # before what it reads, as published models have it
    node("picture", "Placeholder", shape=SHAPE),
    *(node(name, "Const") for name in WEIGHTS),
    node("padded", "Pad", "picture", "pads"),
    node("turned", "Transpose", "padded", "last"),
    node("convolved", "Conv2D", "turned", "full", **VALID),
    node("moved", "Add", "convolved", "bias"),
    node("leaky", "LeakyRelu", "moved", alpha={"f": 0.1}),
    node("each", "Conv2D", "leaky", "deep", **VALID),
    node("pooled", "MaxPool", "each", **POOL),
    node("parts", "SplitV", "pooled", "sizes", "axis"),
    node("swapped", "ConcatV2", "parts:1", "parts", "axis"),
    node("larger", "ResizeBilinear", "swapped", "double", half_pixel_centers={"b": True}),
    node("sure", "Sigmoid", "larger"),
    node("dense", "SparseToDense", "none", "length", "nothing", "zero"),
    node("wanted", "AddV2", "flat", "dense"),
    node("reshaped", "Reshape", "sure", "wanted"),
]


def write(folder: Path, nodes: list[dict[str, Any]]) -> tuple[Path, Path]:
    """Floats as the half of their bits, as they are published."""
    listed, data = [], b""
    for name, array in WEIGHTS.items():
        half = array.dtype == np.float32
        more = {"quantization": {"dtype": "float16", "original_dtype": "float32"}} if half else {}
        listed.append({"name": name, "shape": list(array.shape), "dtype": str(array.dtype), **more})
        data += (array.astype(np.float16) if half else array).tobytes()
    sizes = {"dim": [{"size": "48"}, {"size": "4"}]}
    outputs = {"out:0": {"name": "out:0", "tensorShape": sizes}}
    topology = {"node": nodes}
    graph = {"modelTopology": topology, "weightsManifest": [{"weights": listed}], "signature": {"outputs": outputs}}
    (folder / "model.json").write_text(json.dumps(graph), "utf-8")
    (folder / "model.bin").write_bytes(data)
    return folder / "model.json", folder / "model.bin"


def convolved(picture: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """A convolution over a picture whose channels are last; filters of one channel each read their own."""
    high, wide = picture.shape[0] - 2, picture.shape[1] - 2
    out = np.zeros((high, wide, filters.shape[3]))
    for y in range(high):
        for x in range(wide):
            patch = picture[y : y + 3, x : x + 3]
            alone = filters.shape[2] == 1
            out[y, x] = (patch * filters[:, :, 0]).sum((0, 1)) if alone else np.einsum("yxc,yxcf->f", patch, filters)
    return out


def test_each_operation_computes_what_it_did(tmp_path: Path) -> None:
    picture = RANDOM.normal(size=(1, CHANNELS, SIDE, SIDE)).astype(np.float32)
    session = onnxruntime.InferenceSession(read_model(*write(tmp_path, NODES)), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"picture": picture})
    weights = {name: array.astype(np.float16).astype(np.float64) for name, array in WEIGHTS.items()}
    padded = np.pad(picture[0], ((0, 0), (1, 1), (1, 1))).transpose(1, 2, 0)
    first = convolved(padded, weights["full"]) + weights["bias"]
    second = convolved(np.where(first < 0, 0.1 * first, first), weights["deep"])[:, :, [1, 2, 0]]
    places = np.clip((np.arange(8) + 0.5) / 2 - 0.5, 0, 3)
    low = np.minimum(places.astype(int), 2)
    mix = np.zeros((8, 4))
    mix[np.arange(8), low], mix[np.arange(8), low + 1] = 1 - (places - low), places - low
    larger = np.einsum("yh,xw,hwc->yxc", mix, mix, second)
    assert np.allclose(found, (1 / (1 + np.exp(-larger))).reshape(48, 4), atol=1e-4)


def test_an_operation_that_is_not_known_is_named(tmp_path: Path) -> None:
    changed = [{**one, "op": "FancyRelu"} if one["name"] == "leaky" else one for one in NODES]
    with pytest.raises(MissingPart, match="FancyRelu"):
        read_model(*write(tmp_path, changed))
