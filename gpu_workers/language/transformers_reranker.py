"""Scores passages with any single-output cross-encoder on transformers, such as BAAI/bge-reranker-v2-m3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import BadSettings
from app.core.settings import Settings
from gpu_workers.device import Device
from gpu_workers.torch_worker import TorchWorker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

ROLE = "reranker"
LONGEST = 1024
"""Tokens of a question and a passage together, if the model can read that many."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    tokenizer: Any
    longest: int


class TransformersReranker(TorchWorker[_Loaded]):
    """Returns logits; pairs of similar length share a batch. The default weights are multilingual."""

    GPU_BATCH, CPU_BATCH = 64, 8
    languages: frozenset[str] = frozenset()

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersReranker:
        """The weights of the settings or the profile."""
        return cls(workers.weights(ROLE), ROLE, settings)

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """See `Reranker`."""
        import numpy as np

        def run(loaded: _Loaded, pairs: Sequence[tuple[str, str]]) -> list[float]:
            # Two empty texts would have no tokens to score.
            inputs = loaded.tokenizer(
                [question or " " for question, _ in pairs],
                [passage for _, passage in pairs],
                padding=True,
                truncation=True,
                max_length=loaded.longest,
                return_tensors="pt",
            ).to(loaded.model.device)
            return [float(score) for score in loaded.model(**inputs).logits[:, 0].float().cpu()]

        order = sorted(range(len(passages)), key=lambda index: len(passages[index]))
        logits = self._in_batches([(question, passages[index]) for index in order], run)
        scores = np.zeros(len(passages), dtype=np.float32)
        scores[order] = logits
        return scores

    def _load_at(self, folder: Path, place: Device) -> _Loaded:
        from transformers import AutoTokenizer

        model = self._built("AutoModelForSequenceClassification", folder, place)
        if model.config.num_labels != 1:
            raise BadSettings(
                f"{self.weights} is a classifier with {model.config.num_labels} classes: it gives no score.",
                "Name a cross-encoder such as BAAI/bge-reranker-v2-m3 in LONGREEL_WEIGHTS__RERANKER.",
            )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        if model.config.pad_token_id is None:
            model.config.pad_token_id = tokenizer.pad_token_id
        # RoBERTa-like models count positions from 2.
        can_read = int(getattr(model.config, "max_position_embeddings", LONGEST)) - 2
        return _Loaded(model, tokenizer, min(LONGEST, can_read, tokenizer.model_max_length))
