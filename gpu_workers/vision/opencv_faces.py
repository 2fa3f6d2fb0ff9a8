"""Faces by OpenCV: found by a network of the shape of YuNet, compared by one of the shape of SFace.

No package carries their weights, so that files are given: YuNet (`face_detection_yunet_2023mar.onnx`, MIT) and SFace
(`face_recognition_sface_2021dec.onnx`, Apache-2.0) or any that OpenCV's FaceDetectorYN and FaceRecognizerSF load.
A picture is laid into a square of the detector's own size, so that time and memory do not depend on its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart
from app.core.settings import Settings
from app.core.types import Face, Frame
from gpu_workers.base import ModelWorker
from gpu_workers.weights import hub

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

DETECTOR, EMBEDDER = "face_detector", "face_embedder"
FILES = {DETECTOR: "face_detection_yunet_2023mar.onnx", EMBEDDER: "face_recognition_sface_2021dec.onnx"}
"""The published file for each role of weights."""
SIDE = 640
"""The side of the square in which YuNet looks, pixels."""
SURE = 0.8
"""Confidence from which something is a face."""
OVERLAP = 0.3
"""Of two faces that share more of their area than this, only the surer is one."""
MOST = 50
"""Faces of one picture."""
LEAST = 24
"""Pixels; a narrower face identifies nobody."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    finder: Any
    teller: Any


class OpenCVFaces(ModelWorker[_Loaded]):
    """Plays `FaceFinder`, on the CPU."""

    def __init__(self, weights: dict[str, str]) -> None:
        super().__init__("+".join(hub.title(file) for file in weights.values() if file) or "faces")
        self._weights = weights

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> OpenCVFaces:
        """The files of the settings or the profile. A missing one raises an error when it is needed."""
        del settings
        return cls({role: workers.weights(role) if workers.names_weights(role) else "" for role in FILES})

    def lacking(self) -> MissingPart | None:
        """Which file nobody named, and the setting for it; nothing is looked for."""
        for role, file in self._weights.items():
            if not file:
                return MissingPart(
                    f"Faces need a file that no package contains: {FILES[role]}.",
                    f"Set LONGREEL_WEIGHTS__{role.upper()} to such a file, or unset LONGREEL_INGEST__FACES.",
                )
        return None

    def files(self) -> dict[str, str]:
        """The path of each file, downloaded if its name is that of the hub. Raises MissingPart."""
        if error := self.lacking():
            raise error
        return {role: str(hub.file(file, role)) for role, file in self._weights.items()}

    def faces(self, frames: Sequence[Frame]) -> list[list[Face]]:
        """See `FaceFinder`."""
        with self._use(len(frames)) as loaded:
            return [_faces(loaded, frame) for frame in frames]

    def _load(self) -> _Loaded:
        import cv2

        files = self.files()
        level = cv2.utils.logging.getLogLevel()
        # OpenCV 5 warns that it has no choice of devices.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        try:
            finder = cv2.FaceDetectorYN.create(files[DETECTOR], "", (SIDE, SIDE), SURE, OVERLAP)
            teller = cv2.FaceRecognizerSF.create(files[EMBEDDER], "")
        except cv2.error as error:
            raise MissingPart(
                f"OpenCV cannot read {' or '.join(files.values())}: {error.err}.",
                f"Give files such as {' and '.join(FILES.values())}.",
            ) from error
        finally:
            cv2.utils.logging.setLogLevel(level)
        return _Loaded(finder, teller)


def _faces(loaded: _Loaded, frame: Frame) -> list[Face]:
    import cv2
    import numpy as np

    picture = np.ascontiguousarray(frame.image[..., ::-1])
    height, width = picture.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    small = cv2.resize(
        picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    square[: small.shape[0], : small.shape[1]] = small
    _, detections = loaded.finder.detect(square)
    rows = [row for row in (detections if detections is not None else []) if row[2] / scale >= LEAST]
    faces = []
    for row in sorted(rows, key=lambda row: -float(row[2] * row[3]))[:MOST]:
        placed = np.append(row[:14] / scale, row[14]).astype(np.float32)
        vector = np.asarray(loaded.teller.feature(loaded.teller.alignCrop(picture, placed)), np.float32).reshape(-1)
        left, top, wide, high = (float(side) for side in placed[:4])
        box = (left / width, top / height, (left + wide) / width, (top + high) / height)
        unit = vector / max(float(np.linalg.norm(vector)), 1e-9)
        faces.append(Face(tuple(min(1.0, max(0.0, edge)) for edge in box), float(row[14]), unit))
    return faces
