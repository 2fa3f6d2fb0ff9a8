"""Text vectors by any sentence model through transformers: BERT-like ones by mean, Qwen3-Embedding by last token.

Which states become the vector is read from `1_Pooling/config.json`, as sentence-transformers writes it; without
that file a model that writes takes its last token, and any other the mean (Reimers and Gurevych 2019). What stands
before a question or a passage is read from `config_sentence_transformers.json` in the same way.
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
"""What Qwen3-Embedding wants before a question, for copies of it without sentence-transformers' files."""
LONGEST = 1024
"""Tokens read of a text, if the model can read so many; the rest is left out."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    tokenizer: Any
    pooling: str
    longest: int
    query_prompt: str
    passage_prompt: str


class TransformersTextEmbedder(TorchWorker[_Loaded]):
    """Unit vectors; texts of like length are read together."""

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
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        found = self._in_batches([(texts[index], is_query) for index in order], _run)
        vectors = np.empty((len(texts), len(found[0])), dtype=np.float32)
        vectors[order] = np.stack(found)
        return vectors

    def _load_at(self, folder: Path, place: Device) -> _Loaded:
        from transformers import AutoTokenizer

        model = self._built("AutoModel", folder, place)
        pooling = _pooling(folder, model)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        # Padding behind the text moves no token, so that models that count positions see what they saw in training.
        tokenizer.padding_side = "right"
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        can_read = int(getattr(model.config, "max_position_embeddings", LONGEST))
        longest = min(LONGEST, can_read, tokenizer.model_max_length)
        return _Loaded(model, tokenizer, pooling, longest, *_prompts(folder, model))


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


def _prompts(folder: Path, model: Any) -> tuple[str, str]:
    """What stands before a question, and before a passage."""
    described = folder / "config_sentence_transformers.json"
    prompts = json.loads(described.read_text("utf-8")).get("prompts") or {} if described.is_file() else {}
    query = prompts.get("query", QWEN3_QUERY if model.config.model_type == "qwen3" else "")
    return query, prompts.get("document") or prompts.get("passage") or ""


def _run(loaded: _Loaded, items: Sequence[tuple[str, bool]]) -> list[NDArray[np.float32]]:
    import torch

    texts = [(loaded.query_prompt if is_query else loaded.passage_prompt) + text for text, is_query in items]

    # An empty text would have no token at all to make a vector of.
    inputs = loaded.tokenizer(
        [text or " " for text in texts], padding=True, truncation=True, max_length=loaded.longest, return_tensors="pt"
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
