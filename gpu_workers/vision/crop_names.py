"""Names for things that a detector found: a classifier, EfficientNet-Lite3, sees each of them alone.

Seen from above, a car is a cell phone to a detector (.98) and a sports car to the classifier.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from app.core.settings import Settings
from app.core.types import Detection
from gpu_workers.threads import threads
from gpu_workers.vision import coco
from gpu_workers.weights import packaged, parts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

NAMED = 12
"""Things of a picture that the classifier looks at, the surest."""
CROP_SIDE = 280
LEAST_CROP = 8
"""Pixels; anything smaller has only the detector's class."""
WEIGHT = 2.0
"""Of the classifier's vote; the detector's confidence counts once. With 1, top views of cars stayed cell phones."""


class CropNamer:
    """The loaded classifier."""

    def __init__(self, settings: Settings) -> None:
        """Loads it. Raises MissingPart, StorageFull."""
        from ai_edge_litert.interpreter import Interpreter

        file = packaged.ssd_mobilenet(settings) / parts.LITE3
        # LiteRT writes a notice to the process's standard error, which no setting of it turns off.
        error = os.dup(2)
        with open(os.devnull, "wb") as sink:
            os.dup2(sink.fileno(), 2)
            try:
                self._classifier = Interpreter(model_path=str(file), num_threads=threads(settings.threads))
                self._classifier.allocate_tensors()
            finally:
                os.dup2(error, 2)
                os.close(error)
        self._names = coco.from_imagenet()

    def named(self, image: Picture, things: Sequence[Detection]) -> list[Detection]:
        """The things of a picture, the surest first, with what else each could be, and by the likeliest name."""
        named = []
        for place, thing in enumerate(things):
            votes: dict[str, float] = defaultdict(float, {thing.name: thing.confidence})
            for name, share in (self._shares(image, thing) if place < NAMED else {}).items():
                votes[name] += WEIGHT * share
            ordered = tuple(sorted(votes.items(), key=lambda vote: -vote[1]))
            named.append(replace(thing, name=ordered[0][0], votes=ordered))
        return named

    def _shares(self, image: Picture, thing: Detection) -> dict[str, float]:
        """What the classifier takes a thing for: classes of COCO with probabilities."""
        import cv2
        import numpy as np

        height, width = image.shape[:2]
        left, top, right, bottom = thing.box
        crop = image[int(top * height) : round(bottom * height), int(left * width) : round(right * width)]
        if min(crop.shape[:2]) < LEAST_CROP:
            return {}
        taken, output = self._classifier.get_input_details()[0], self._classifier.get_output_details()[0]
        pixels = cv2.resize(crop, (CROP_SIDE, CROP_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
        step, zero = taken["quantization"]
        bytes_ = np.clip(np.round((pixels - 127) / 128 / step + zero), 0, 255).astype(np.uint8)
        self._classifier.set_tensor(taken["index"], bytes_[None])
        self._classifier.invoke()
        step, zero = output["quantization"]
        shares = (self._classifier.get_tensor(output["index"])[0].astype(np.float32) - zero) * step
        votes: dict[str, float] = defaultdict(float)
        for number in np.flatnonzero(shares > 0).tolist():
            if number in self._names:
                votes[self._names[number]] += float(shares[number])
        return votes
