"""Vectors of pictures and words by a vision-language model that reads an instruction before each: Qwen3-VL-Embedding.

The instruction is the system's turn, the picture or the words are the user's, and the vector is the last layer's state
at the last token, as in the code of QwenLM/Qwen3-VL-Embedding. Each frame is embedded alone, so a vector holds what is
seen, not how it moves.
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

KINDS = ("qwen3_vl",)
"""Kinds of models whose instructions are known."""
PICTURE = "Represent the user's input."
QUERY = "Retrieve images or text relevant to the user's query."
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

        pictures = [Image.fromarray(bounded(frame.image)) for frame in frames]
        return self._vectors(PICTURE, [{"type": "image"}] * len(frames), [[picture] for picture in pictures])

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row for each query, as the network gives it."""
        return self._vectors(QUERY, [{"type": "text", "text": text[:LONGEST_QUERY]} for text in texts], None)

    def _vectors(self, instruction: str, parts: Sequence[dict[str, str]], pictures: Any) -> NDArray[np.float32]:
        import torch

        system = {"role": "system", "content": [{"type": "text", "text": instruction}]}
        turns = [[system, {"role": "user", "content": [part]}] for part in parts]
        prompts = self.processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        given = {} if pictures is None else {"images": pictures}
        inputs = self.processor(text=prompts, padding=True, return_tensors="pt", **given).to(self.model.device)
        for name, value in inputs.items():
            if value.is_floating_point():
                inputs[name] = value.to(self.model.dtype)
        states = self.model(**inputs).last_hidden_state
        last = inputs["attention_mask"].sum(1) - 1
        rows: NDArray[np.float32] = states[torch.arange(len(states), device=states.device), last].float().cpu().numpy()
        return rows
