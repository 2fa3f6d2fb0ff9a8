"""Text vectors by any sentence model on transformers: the mean for BERT-like ones, the last token for Qwen3-Embedding.

The pooling comes from `1_Pooling/config.json`, as sentence-transformers writes it; without that file, a generative
model uses its last token, and any other the mean (Reimers and Gurevych 2019). The prompts before a question or a
passage come from `config_sentence_transformers.json` in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.settings import Settings
from gpu_workers.device import Device
from gpu_workers.torch_worker import TorchWorker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

ROLE = "text_embedder"
QWEN3_QUERY = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
"""The prompt that Qwen3-Embedding expects before a question, for copies without sentence-transformers' files."""
LONGEST = 1024
"""Tokens read of each text, if the model can read that many; the rest is ignored."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    tokenizer: Any
    pooling: str
    longest: int
    query_prompt: str
    passage_prompt: str


class TransformersTextEmbedder(TorchWorker[_Loaded]):
    """Returns unit vectors; texts of similar length share a batch."""

    GPU_BATCH, CPU_BATCH = 128, 16

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersTextEmbedder:
        """The weights of the settings or the profile."""
        return cls(workers.weights(ROLE), ROLE, settings)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `TextEmbedder`."""
        return self._vectors(texts, is_query=False)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """See `TextEmbedder`."""
        vector: NDArray[np.float32] = self._vectors([text], is_query=True)[0]
        return vector

    def _vectors(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        import numpy as np

        if not texts:
            with self._use() as loaded:
                return np.zeros((0, int(loaded.model.config.hidden_size)), dtype=np.float32)

        def run(loaded: _Loaded, items: Sequence[tuple[str, bool]]) -> list[NDArray[np.float32]]:
            import torch

            texts = [(loaded.query_prompt if is_query else loaded.passage_prompt) + text for text, is_query in items]

            # An empty text would have no tokens to embed.
            inputs = loaded.tokenizer(
                [text or " " for text in texts],
                padding=True,
                truncation=True,
                max_length=loaded.longest,
                return_tensors="pt",
            ).to(loaded.model.device)
            mask = inputs["attention_mask"]
            states = loaded.model(input_ids=inputs["input_ids"], attention_mask=mask).last_hidden_state.float()
            if loaded.pooling == "mean":
                weight = mask.unsqueeze(-1).to(states.dtype)
                pooled = (states * weight).sum(1) / weight.sum(1)
            else:
                place = mask.sum(1) - 1 if loaded.pooling == "last" else torch.zeros_like(mask[:, 0])
                pooled = states[torch.arange(len(states), device=states.device), place]
            return list(torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy())

        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        rows = self._in_batches([(texts[index], is_query) for index in order], run)
        vectors = np.empty((len(texts), len(rows[0])), dtype=np.float32)
        vectors[order] = np.stack(rows)
        return vectors

    def _load_at(self, folder: Path, place: Device) -> _Loaded:
        from transformers import AutoTokenizer

        model = self._built("AutoModel", folder, place)
        pooling = _pooling(folder, model)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        # Padding at the end moves no token, so positions stay as they were in training.
        tokenizer.padding_side = "right"
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        can_read = int(getattr(model.config, "max_position_embeddings", LONGEST))
        longest = min(LONGEST, can_read, tokenizer.model_max_length)
        described = folder / "config_sentence_transformers.json"
        prompts = json.loads(described.read_text("utf-8")).get("prompts") or {} if described.is_file() else {}
        query = prompts.get("query", QWEN3_QUERY if model.config.model_type == "qwen3" else "")
        passage = prompts.get("document") or prompts.get("passage") or ""
        return _Loaded(model, tokenizer, pooling, longest, query, passage)


def _pooling(folder: Path, model: Any) -> str:
    """`last`, `first` or `mean`."""
    described = folder / "1_Pooling" / "config.json"
    if described.is_file():
        modes = json.loads(described.read_text("utf-8"))
        if modes.get("pooling_mode_lasttoken"):
            return "last"
        return "first" if modes.get("pooling_mode_cls_token") else "mean"
    architectures = model.config.architectures or ()
    writes = any(name.endswith("ForCausalLM") for name in architectures) or model.config.model_type == "qwen3"
    return "last" if writes else "mean"
