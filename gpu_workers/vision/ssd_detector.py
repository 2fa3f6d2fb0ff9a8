"""Finding things of 80 kinds on the CPU: SSD MobileNet v2 (Liu et al., arXiv 1512.02325) through OpenCV.

A wide picture is read three times: squeezed into the 300 x 300 pixels that the network was trained with, and its two
ends at the same size, which shows small and thin things. Reading it once in a wider shape would be cheaper, but the
network places boxes right only in its own shape: at 640 x 360 they lie up to 9 % of the width beside the things.

The class is the detector's and that of a classifier, EfficientNet-Lite3, which sees the thing alone: seen from above,
a car is a cell phone to the detector (.98) and a sports car to the classifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.core.types import Detection
from app.core.types.boxes import area, common_area
from gpu_workers.vision import coco
from gpu_workers.vision.coco_detector import CocoDetector
from gpu_workers.weights import packaged, parts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

SIDE = 300
"""The side of the network's input, pixels."""
STRETCHED = 1.35
"""From this ratio of its sides on, the two ends of a picture are read by themselves."""
PART = 0.5625
"""The share of the longer side that each end has at least, so that the two overlap."""
INNER_BORDER = 0.02
"""What comes so near to the inner border of an end, as a share of the end, is cut off there."""
SURE = 0.3
"""Confidence from which a box can stand for another that is cut off, or be joined to it."""
COVERED = 0.4
"""Of a thing that is cut off, the share that must lie in another box, so that the two are one thing."""
SAME_BOX = 0.5
"""Of two boxes that overlap by more than this share of their union, only the surer is a thing."""
MOST = 50
"""Things kept of a picture."""


@dataclass(frozen=True, slots=True)
class _View:
    """A part of a picture that is read, in pixels, and which of its sides are inside the picture."""

    left: int
    top: int
    right: int
    bottom: int
    inner: tuple[bool, bool, bool, bool] = (False, False, False, False)


class SSDDetector(CocoDetector):
    """Object detector of the offline profile. It knows the classes of COCO and no others."""

    model_name = "ssd-mobilenet-v2-coco+efficientnet-lite3@1"

    def _network(self) -> Any:
        import cv2

        folder = packaged.ssd_mobilenet(self._settings)
        return cv2.dnn.readNetFromTensorflow(
            str(folder / parts.SSD_GRAPH), str(folder / parts.SSD_CONFIG), cv2.dnn.ENGINE_CLASSIC
        )

    def _things(self, network: Any, image: Picture) -> list[Detection]:
        """What the network finds, surest first, each thing once."""
        import cv2
        import numpy as np

        whole: list[Detection] = []
        cut: list[Detection] = []
        for view in _views(*image.shape[:2]):
            for thing, is_cut in _read(network, image, view):
                (cut if is_cut else whole).append(thing)
        shapes = [[left, top, right - left, bottom - top] for left, top, right, bottom in (one.box for one in whole)]
        distinct = cv2.dnn.NMSBoxes(shapes, [one.confidence for one in whole], 0.0, SAME_BOX) if whole else ()
        things = [whole[at] for at in np.asarray(distinct, int).reshape(-1)]
        things += _joined(cut, things)
        return sorted(things, key=lambda thing: -thing.confidence)[:MOST]


def views(height: int, width: int) -> list[tuple[int, int, int, int]]:
    """Left, top, right and bottom of each part of a picture that is read, in pixels: all of it, then its two ends."""
    return [(view.left, view.top, view.right, view.bottom) for view in _views(height, width)]


def _views(height: int, width: int) -> list[_View]:
    whole = _View(0, 0, width, height)
    if width >= STRETCHED * height:
        long = max(height, round(PART * width))
        ends = [
            _View(0, 0, long, height, (False, False, True, False)),
            _View(width - long, 0, width, height, (True, False, False, False)),
        ]
    elif height >= STRETCHED * width:
        long = max(width, round(PART * height))
        ends = [
            _View(0, 0, width, long, (False, False, False, True)),
            _View(0, height - long, width, height, (False, True, False, False)),
        ]
    else:
        ends = []
    return [whole, *ends]


def _joined(cut: Sequence[Detection], whole: Sequence[Detection]) -> list[Detection]:
    """Things that were only seen with a side cut off; two that lie on each other are the halves of one."""
    joined: list[Detection] = []
    for thing in sorted(cut, key=lambda one: -one.confidence):
        if any(other.confidence >= SURE and _covered(thing, other) >= COVERED for other in whole):
            continue
        half = next((other for other in joined if _covered(thing, other) >= COVERED), None)
        if half is None:
            joined.append(thing)
        elif thing.confidence >= SURE:
            left, top, right, bottom = zip(half.box, thing.box, strict=True)
            box = (min(left), min(top), max(right), max(bottom))
            joined[joined.index(half)] = replace(half, box=box)
    return joined


def _covered(one: Detection, other: Detection) -> float:
    """The share of the smaller box that lies in the larger one."""
    smaller = min(area(one.box), area(other.box))
    return common_area(one.box, other.box) / smaller if smaller else 0.0


def _read(network: Any, image: Picture, view: _View) -> list[tuple[Detection, bool]]:
    """What is in a part of a picture, with boxes as shares of the whole, and whether an inner border cuts it off."""
    import cv2
    import numpy as np

    height, width = image.shape[:2]
    part = np.ascontiguousarray(image[view.top : view.bottom, view.left : view.right])
    wide, high = view.right - view.left, view.bottom - view.top
    network.setInput(cv2.dnn.blobFromImage(part, size=(SIDE, SIDE)))
    things = []
    for _, number, confidence, *corners in network.forward()[0, 0].tolist():
        name = coco.CLASSES.get(int(number))
        left, top, right, bottom = (min(1.0, max(0.0, corner)) for corner in corners)
        if name is None or confidence <= 0 or left >= right or top >= bottom:
            continue
        edges = (left, top, 1 - right, 1 - bottom)
        is_cut = any(inner and edge < INNER_BORDER for inner, edge in zip(view.inner, edges, strict=True))
        box = (
            (view.left + left * wide) / width,
            (view.top + top * high) / height,
            (view.left + right * wide) / width,
            (view.top + bottom * high) / height,
        )
        things.append((Detection(name, min(1.0, confidence), box), is_cut))
    return things
