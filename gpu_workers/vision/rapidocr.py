"""On-screen text with RapidOCR: PP-OCRv6 small, from the files inside its wheel.

What was measured on 720p slides, an editor, kinetic text, credits and a T-shirt decided the options:
pictures are never enlarged for detection (a quarter less work, same lines), lines are recognised one
by one without padding (a seventh less, same text), and the direction classifier is left out. A glance
at a small copy finds all frames with text and costs a quarter of detection at full size.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart
from app.core.settings import Settings
from app.core.types import Frame, TextLine
from gpu_workers.base import ModelWorker
from gpu_workers.onnx import open_session
from gpu_workers.vision.text_layout import TextBox, lines_of, with_spaces

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

DETECTION = "PP-OCRv6_det_small.onnx"
RECOGNITION = "PP-OCRv6_rec_small.onnx"
DETECTION_SIDE = 1120
"""Longest side, in pixels, that detection looks at: at 960 letters of 10 pixels on 720p lose their spaces."""
GLANCE_SIDE = 640
"""Longest side of the small copy. At 480, names of 6 pixels in rolling credits were missed."""


class RapidOCRReader(ModelWorker[Any]):
    """Text reader of the offline profile. Never downloads: both models are read from the package."""

    def __init__(self, settings: Settings) -> None:
        try:
            version = importlib.metadata.version("rapidocr")
        except importlib.metadata.PackageNotFoundError:
            version = "missing"
        super().__init__(f"rapidocr-ppocrv6-small@{version}+1")
        self._settings = settings

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> RapidOCRReader:  # noqa: ARG003
        """Made for the settings' threads."""
        return cls(settings)

    def read(self, frame: Frame) -> list[TextLine]:
        """Lines from top to bottom; an empty list when there is no text."""
        import numpy as np

        height, width = frame.image.shape[:2]
        with self._use(1) as engine:
            image = np.ascontiguousarray(frame.image[:, :, ::-1])
            result = engine(image, use_det=True, use_cls=False, use_rec=True)
        if result.boxes is None or result.txts is None:
            return []
        letters = result.word_results or ()
        letters = letters if len(letters) == len(result.txts) else [()] * len(result.txts)
        boxes = []
        for corners, text, score, characters in zip(result.boxes, result.txts, result.scores, letters, strict=True):
            # Corners: top left, top right, bottom right, bottom left; a character: (text, confidence, corners).
            left, top = (float(value) for value in np.min(corners, axis=0))
            right, bottom = (float(value) for value in np.max(corners, axis=0))
            across = float(np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])) / 2
            if right - left > bottom - top:
                centres = [float(np.mean([corner[0] for corner in place])) for _, _, place in characters]
                text = with_spaces(text, centres, across)
            boxes.append(TextBox(text, float(score), (left, top, right, bottom), across))
        return lines_of(boxes, width, height)

    def may_hold_text(self, frame: Frame) -> bool:
        """Whether detection finds anything in a small copy: on real frames with text always, on others one in six."""
        import numpy as np
        from PIL import Image

        image = np.ascontiguousarray(frame.image[:, :, ::-1])
        height, width = image.shape[:2]
        share = min(1.0, GLANCE_SIDE / max(height, width))
        size = (max(1, round(width * share)), max(1, round(height * share)))
        small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
        with self._use(1) as engine:
            detected = engine(small, use_det=True, use_cls=False, use_rec=False)
        return detected.boxes is not None and len(detected.boxes) > 0

    def _load(self) -> Any:
        import rapidocr

        folder = Path(rapidocr.__file__).parent / "models"
        for file in (DETECTION, RECOGNITION):
            if not (folder / file).is_file():
                raise MissingPart(f"The package rapidocr lacks its model {file}.", "Run: pip install rapidocr==3.10.0")
        options = {
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.text_score": 0.0,
            "Global.return_word_box": True,
            "Global.return_single_char_box": True,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            # RapidOCR looks for a model on the network only where no path is given.
            "Det.model_path": str(folder / DETECTION),
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECTION_SIDE,
            "Rec.model_path": str(folder / RECOGNITION),
            "Rec.rec_batch_num": 1,
            "Rec.rec_img_shape": [3, 48, 48],
        }
        engine = rapidocr.RapidOCR(params=options)
        # Its options cannot say how threads wait, so its sessions are replaced by ours.
        engine._load_det_model().session.session = open_session(folder / DETECTION, self._settings.threads)
        engine._load_rec_model().session.session = open_session(folder / RECOGNITION, self._settings.threads)
        return engine
