"""Pictures and words in one space, by SigLIP, SigLIP 2, CLIP, Qwen3-VL-Embedding or VLM2Vec-V2 through transformers.

SigLIP: Zhai et al., arXiv 2303.15343; SigLIP 2: Tschannen et al., arXiv 2502.14786; CLIP: Radford et al.,
arXiv 2103.00020; the last two: see `prompted_frames`. For the others, frames travel to a GPU as bytes in pinned memory
and are resized there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import BadSettings
from app.core.settings import Settings
from app.core.types import Frame, FrameFeatures
from gpu_workers.device import Device
from gpu_workers.torch_worker import TorchWorker
from gpu_workers.vision.joint_space import joint_features
from gpu_workers.vision.picture_shape import bounded
from gpu_workers.vision.prompted_frames import KINDS as PROMPTED
from gpu_workers.vision.prompted_frames import PromptedTower
from gpu_workers.vision.regions import Box, around
from gpu_workers.weights import hub

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

ROLE = "frame_embedder"


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    processor: Any
    tokenizer: Any
    place: Device


class TransformersFrameEmbedder(TorchWorker[_Loaded | PromptedTower]):
    """Frame embedder of a joint space: `vector` and `concept` are the same unit vector, and there are no tags."""

    GPU_BATCH, CPU_BATCH = 128, 16

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersFrameEmbedder:
        """The weights of the settings or the profile."""
        return cls(workers.weights(ROLE), ROLE, settings)

    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:
        """One result a frame, in order. Frames of any sizes may be mixed."""

        def see(loaded: _Loaded | PromptedTower, some: Sequence[Frame]) -> list[FrameFeatures]:
            if isinstance(loaded, PromptedTower):
                vectors = loaded.see(some)
            else:
                vectors = loaded.model.get_image_features(**_given(loaded, some)).float().cpu().numpy()
            return [joint_features(frame, vector) for frame, vector in zip(some, vectors, strict=True)]

        return self._in_batches(frames, see)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The text tower's unit vector; words past its limit are left out."""
        import numpy as np

        def read(loaded: _Loaded | PromptedTower, texts: Sequence[str]) -> list[NDArray[np.float32]]:
            if isinstance(loaded, PromptedTower):
                rows = loaded.read(texts)
            else:
                # SigLIP was trained on lower-case texts padded to their limit; CLIP's tokenizer does what CLIP wants.
                siglip = str(loaded.model.config.model_type).startswith("siglip")
                inputs = loaded.tokenizer(
                    [text.lower() for text in texts] if siglip else list(texts),
                    padding="max_length" if siglip else True,
                    truncation=True,
                    max_length=int(loaded.model.config.text_config.max_position_embeddings),
                    return_tensors="pt",
                )
                names = ["input_ids"] if siglip else ["input_ids", "attention_mask"]
                fed = {name: inputs[name].to(loaded.place.device) for name in names}
                rows = loaded.model.get_text_features(**fed).float().cpu().numpy()
            return [(row / max(float(np.linalg.norm(row)), 1e-12)).astype(np.float32) for row in rows]

        return self._in_batches([text], read)[0]

    def regions(self, frames: Sequence[Frame], text: str, share: float) -> list[Box]:
        """See `RegionFinder`."""
        vector = self.embed_query(text)

        def run(loaded: _Loaded | PromptedTower, some: Sequence[Frame]) -> list[Box]:
            if isinstance(loaded, PromptedTower):
                raise BadSettings(
                    f"{self.model} gives no vectors of parts of a picture.",
                    "Unset LONGREEL_VISION__REGION, or set LONGREEL_WEIGHTS__FRAME_EMBEDDER to SigLIP 2 or CLIP.",
                )
            return _regions(loaded, some, vector, share)

        return self._in_batches(frames, run)

    def _load_at(self, folder: Path, place: Device) -> _Loaded | PromptedTower:
        from transformers import AutoImageProcessor, AutoTokenizer

        if hub.architecture(folder) in PROMPTED:
            # AutoModel would not find these weights under their names, and start from random ones.
            return PromptedTower.at(folder, self._built("AutoModelForImageTextToText", folder, place))
        model = self._built("AutoModel", folder, place)
        if not hasattr(model, "get_text_features"):
            raise BadSettings(
                f"{self.model} gives no vectors of pictures and words.",
                "Set LONGREEL_WEIGHTS__FRAME_EMBEDDER to SigLIP, SigLIP 2, CLIP, Qwen3-VL-Embedding or VLM2Vec-V2.",
            )
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, use_fast=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return _Loaded(model, processor, tokenizer, place)


def _given(loaded: _Loaded, frames: Sequence[Frame]) -> dict[str, Any]:
    import numpy as np
    import torch

    place = loaded.place
    pictures = [torch.from_numpy(np.array(bounded(frame.image))).permute(2, 0, 1) for frame in frames]
    if place.is_gpu:
        pictures = [picture.pin_memory().to(place.device, non_blocking=True) for picture in pictures]
    inputs = loaded.processor(images=pictures, return_tensors="pt", device=loaded.place.device)
    fed = {name: value.to(loaded.place.device) for name, value in inputs.items()}
    fed["pixel_values"] = fed["pixel_values"].to(loaded.model.dtype)
    return fed


def _regions(loaded: _Loaded, frames: Sequence[Frame], vector: NDArray[np.float32], share: float) -> list[Box]:
    import torch

    tower = loaded.model.vision_model
    patches = tower(**_given(loaded, frames)).last_hidden_state
    if hasattr(tower, "head"):
        # SigLIP's place in the joint space comes from a head that pools; a patch alone is pooled by itself.
        count = patches.shape[1]
        inside = tower.head(patches.flatten(0, 1)[:, None]).view(len(frames), count, -1)
    else:
        inside = loaded.model.visual_projection(tower.post_layernorm(patches[:, 1:]))
    unit = torch.nn.functional.normalize(inside.float(), dim=-1)
    likeness = (unit @ torch.from_numpy(vector).to(unit.device)).cpu().numpy()
    side = round(likeness.shape[1] ** 0.5)
    boxes = [around(row.reshape(side, side), share) for row in likeness]
    if not getattr(loaded.processor, "do_center_crop", False):
        return boxes
    # CLIP sees a square from the middle of a picture, which is this much of its width and height.
    whole = []
    for (left, top, right, bottom), frame in zip(boxes, frames, strict=True):
        height, width = frame.image.shape[:2]
        across, down = min(height, width) / width, min(height, width) / height
        left, right = (0.5 + (edge - 0.5) * across for edge in (left, right))
        top, bottom = (0.5 + (edge - 0.5) * down for edge in (top, bottom))
        whole.append((left, top, right, bottom))
    return whole
