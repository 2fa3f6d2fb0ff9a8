"""Vectors of pictures and words by a vision-language model that reads an instruction with each.

Qwen3-VL-Embedding: the instruction is the system's turn, the picture or the words are the user's, as in the code of
QwenLM/Qwen3-VL-Embedding. VLM2Vec-V2 (arXiv 2507.04590), a Qwen2-VL: plain text without turns, as in the code of
TIGER-AI-Lab/VLM2Vec. Both: the vector is the last layer's state at the last token. Each frame is embedded alone, so a
vector holds what is seen, not how it moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.types import Frame
from gpu_workers.vision.picture_shape import bounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PLAIN = "qwen2_vl"
"""The kind of VLM2Vec-V2."""
KINDS = ("qwen3_vl", PLAIN)
"""Kinds of models whose instructions are known."""
PICTURE = "Represent the user's input."
QUERY = "Retrieve images or text relevant to the user's query."
PLAIN_PICTURE = "<|image_pad|> Represent the given image.\n"
PLAIN_QUERY = "Find me an everyday image that matches the given caption."
LONGEST_QUERY = 2000
"""Characters of a query that are read."""


@dataclass(frozen=True, slots=True)
class PromptedTower:
    """A loaded model of this kind."""

    model: Any
    processor: Any

    @classmethod
    def at(cls, folder: Path, model: Any) -> PromptedTower:
        """The network that writes, of which the head is not needed, with its processor."""
        from transformers import AutoProcessor

        processor = AutoProcessor.from_pretrained(folder, local_files_only=True, use_fast=True)
        processor.tokenizer.padding_side = "right"
        return cls(model.model, processor)

    def see(self, frames: Sequence[Frame]) -> NDArray[np.float32]:
        """One row for each frame, as the network gives it."""
        from PIL import Image

        pictures = [[Image.fromarray(bounded(frame.image))] for frame in frames]
        if self.model.config.model_type == PLAIN:
            return self._vectors([PLAIN_PICTURE] * len(frames), pictures)
        return self._vectors(self._turns(PICTURE, [{"type": "image"}] * len(frames)), pictures)

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row for each query, as the network gives it."""
        texts = [text[:LONGEST_QUERY] for text in texts]
        if self.model.config.model_type == PLAIN:
            return self._vectors([f"{PLAIN_QUERY} {text}\n" for text in texts], None)
        return self._vectors(self._turns(QUERY, [{"type": "text", "text": text} for text in texts]), None)

    def _turns(self, instruction: str, parts: Sequence[dict[str, str]]) -> list[str]:
        system = {"role": "system", "content": [{"type": "text", "text": instruction}]}
        turns = [[system, {"role": "user", "content": [part]}] for part in parts]
        prompts: list[str] = self.processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        return prompts

    def _vectors(self, prompts: Sequence[str], pictures: Any) -> NDArray[np.float32]:
        import torch

        pictures_in = {} if pictures is None else {"images": pictures}
        inputs = self.processor(text=list(prompts), padding=True, return_tensors="pt", **pictures_in).to(
            self.model.device
        )
        for name, value in inputs.items():
            if value.is_floating_point():
                inputs[name] = value.to(self.model.dtype)
        states = self.model(**inputs).last_hidden_state
        last = inputs["attention_mask"].sum(1) - 1
        rows: NDArray[np.float32] = states[torch.arange(len(states), device=states.device), last].float().cpu().numpy()
        return rows
