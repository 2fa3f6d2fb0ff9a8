"""Finding things named in words, by OWLv2 or Grounding DINO through transformers; both are free (Apache-2.0).

OWLv2: Minderer et al., arXiv 2306.09683. It embeds each name and compares it with each place of the picture.
Grounding DINO: Liu et al., arXiv 2303.05499. It reads all names as one text, whose tokens it compares with boxes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart
from app.core.settings import Settings
from app.core.types import Detection, Frame
from gpu_workers.device import Device
from gpu_workers.torch_worker import TorchWorker
from gpu_workers.vision.picture_shape import bounded

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

ROLE = "object_detector"
MOST = 50
"""Things kept of a picture."""
SAME_BOX = 0.5
"""Boxes of one name that overlap by more than this share of their union are one thing."""
OWL_PROMPT = "a photo of a {}"
"""The words around a name that OWLv2 was trained with."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    processor: Any
    tokenizer: Any
    look: Callable[[_Loaded, list[Any], Sequence[str]], Iterator[tuple[Any, Any]]]


class TransformersDetector(TorchWorker[_Loaded]):
    """Object detector; frames of one size that follow each other go together."""

    PRECISE = True  # Grounding DINO mixes float32 positions into what it computes.
    GPU_BATCH, CPU_BATCH = 16, 1
    classes: Sequence[str] = ()

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersDetector:
        """The weights of the settings or the profile."""
        return cls(workers.weights(ROLE), ROLE, settings)

    def detect(self, frames: Sequence[Frame], names: Sequence[str], *, least: float) -> list[list[Detection]]:
        """See `ObjectDetector`. At most 50 things a picture."""
        if not names:
            return [[] for _ in frames]
        detections: list[list[Detection]] = []
        for _, same in itertools.groupby(frames, key=lambda frame: frame.image.shape):
            # Grounding DINO pads pictures to the largest of a batch, which would change what it sees of the smaller.
            detections += self._in_batches(list(same), lambda loaded, some: _detected(loaded, some, names, least))
        return detections

    def _load_at(self, folder: Path, place: Device) -> _Loaded:
        from transformers import AutoConfig, AutoImageProcessor, AutoTokenizer

        looks = {"owlv2": _owl, "owlvit": _owl, "grounding-dino": _dino, "mm-grounding-dino": _dino}
        kind = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
        if kind not in looks:
            raise MissingPart(
                f"{self.model} cannot be asked for things by name.", "Choose an OWLv2 or Grounding DINO model."
            )
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, use_fast=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = self._built("AutoModelForZeroShotObjectDetection", folder, place)
        return _Loaded(model, processor, tokenizer, looks[kind])


def _detected(loaded: _Loaded, frames: Sequence[Frame], names: Sequence[str], least: float) -> list[list[Detection]]:
    """The things of each frame. All frames have one size."""
    from PIL import Image

    pictures = [Image.fromarray(bounded(frame.image)) for frame in frames]
    detections: list[list[Detection]] = [[] for _ in frames]
    for scores, boxes in loaded.look(loaded, pictures, names):
        for place, (confidences, corners) in enumerate(zip(scores, boxes, strict=True)):
            detections[place] += _things(confidences, corners, names, least)
    return [sorted(things, key=lambda thing: -thing.confidence)[:MOST] for things in detections]


def _things(confidences: Any, boxes: Any, names: Sequence[str], least: float) -> list[Detection]:
    """The boxes, shape (b, 4), whose likeliest name, of shape (b, names), is likely enough; each thing once."""
    import torch
    from torchvision.ops import batched_nms  # type: ignore[import-untyped]

    best, which = confidences.float().max(dim=1)
    likely = torch.nonzero((best >= least) & (best > 0)).squeeze(1)
    corners = boxes.float().clamp(0.0, 1.0)
    distinct = likely[batched_nms(corners[likely], best[likely], which[likely], SAME_BOX)[:MOST]]
    return [
        Detection(names[int(name)], float(confidence), (left, top, right, bottom))
        for name, confidence, (left, top, right, bottom) in zip(
            which[distinct].tolist(), best[distinct].tolist(), corners[distinct].tolist(), strict=True
        )
    ]


def _owl(loaded: _Loaded, pictures: list[Any], names: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """Confidences (pictures, boxes, names) and boxes (pictures, boxes, 4) as corners in shares of the picture."""
    device = loaded.model.device
    limit = int(loaded.model.config.text_config.max_position_embeddings)
    words = loaded.tokenizer(
        [OWL_PROMPT.format(name) for name in names],
        padding="max_length",
        truncation=True,
        max_length=limit,
        return_tensors="pt",
    )
    fed = {name: words[name].repeat(len(pictures), 1).to(device) for name in ("input_ids", "attention_mask")}
    pixels = loaded.processor(images=pictures, return_tensors="pt")["pixel_values"]
    seen = loaded.model(pixel_values=pixels.to(device, loaded.model.dtype), **fed)
    width, height = pictures[0].size
    # The picture stands in the upper left of a grey square, of which the model gives shares.
    scale = seen.pred_boxes.new_tensor([max(width, height) / width, max(width, height) / height])
    yield seen.logits.sigmoid(), _corners(seen.pred_boxes) * scale.repeat(2)


def _dino(loaded: _Loaded, pictures: list[Any], names: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """As `_owl`, once for each part of the names that the model can read together."""
    device = loaded.model.device
    pixels = loaded.processor(images=pictures, return_tensors="pt").to(device)
    pixels["pixel_values"] = pixels["pixel_values"].to(loaded.model.dtype)
    for part in _parts(loaded, names):
        text, spans = _sentence([names[place] for place in part])
        words = loaded.tokenizer(
            text, truncation=True, max_length=_longest(loaded), return_offsets_mapping=True, return_tensors="pt"
        )
        offsets = words.pop("offset_mapping")[0].tolist()
        fed = {name: value.repeat(len(pictures), 1).to(device) for name, value in words.items()}
        seen = loaded.model(**pixels, **fed)
        likely = seen.logits.sigmoid()
        scores = likely.new_zeros((*likely.shape[:2], len(names)))
        for place, (start, end) in zip(part, spans, strict=True):
            tokens = [number for number, (a, b) in enumerate(offsets) if a < end and b > start]
            if tokens:
                scores[..., place] = likely[..., tokens].max(dim=-1).values
        yield scores, _corners(seen.pred_boxes)


def _parts(loaded: _Loaded, names: Sequence[str]) -> Iterator[list[int]]:
    """The places of names, in runs that the model can read as one text."""
    room = _longest(loaded) - 2
    run: list[int] = []
    used = 0
    for place, name in enumerate(names):
        size = len(loaded.tokenizer(f"{_plain(name)}. ", add_special_tokens=False)["input_ids"])
        if run and used + size > room:
            yield run
            run, used = [], 0
        run.append(place)
        used += size
    yield run


def _longest(loaded: _Loaded) -> int:
    return int(loaded.model.config.max_text_len)


def _sentence(names: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """The names as the model was trained to read them, each ended by a full stop, and where each stands."""
    text, spans = "", []
    for name in map(_plain, names):
        spans.append((len(text), len(text) + len(name)))
        text += f"{name}. "
    return text.strip(), spans


def _plain(name: str) -> str:
    return " ".join(name.lower().replace(".", " ").split())


def _corners(boxes: Any) -> Any:
    """Boxes as left, top, right, bottom, of boxes as middle and size."""
    import torch

    x, y, width, height = boxes.float().unbind(-1)
    return torch.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], dim=-1)
