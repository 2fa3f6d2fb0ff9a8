"""The base of text models on onnxruntime: a tokenizer, and batches of texts of similar length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gpu_workers.base import ModelWorker
from gpu_workers.onnx import open_session

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class OnnxText:
    """A loaded model and its tokenizer."""

    session: Any
    tokenizer: Any


class OnnxTextModel(ModelWorker[OnnxText]):
    """A model that turns each text, or each pair of texts, into a row of numbers.

    `locate` returns the files of the model and its tokenizer, and creates them if needed.
    """

    LONGEST = 512
    """Tokens read of each text; the rest is ignored."""
    COLUMNS = 384
    """Numbers in a row."""
    BATCH, BATCH_TOKENS = 32, 4096
    """Texts and tokens at most that are read at once; the attention of many long texts takes gigabytes."""
    INPUTS: ClassVar[Mapping[str, str]] = {"ids": "ids", "mask": "attention_mask"}
    """The graph's inputs, each with the part of an encoding that it takes."""

    def __init__(self, model: str, locate: Callable[[], tuple[Path, Path]], *, cores: int = 0) -> None:
        super().__init__(model)
        self._locate = locate
        self._cores = cores

    def _load(self) -> OnnxText:
        from tokenizers import Tokenizer

        graph, vocabulary = self._locate()
        tokenizer = Tokenizer.from_file(str(vocabulary))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.LONGEST, strategy="longest_first")
        return OnnxText(open_session(graph, self._cores), tokenizer)

    def _rows(self, texts: Sequence[Any]) -> NDArray[np.float32]:
        """A row for each text or pair, in order. Texts of similar length share a batch, which saves padding."""
        import numpy as np

        rows = np.zeros((len(texts), self.COLUMNS), dtype=np.float32)
        if not texts:
            return rows
        with self._use(len(texts)) as loaded:
            encodings = loaded.tokenizer.encode_batch(list(texts))
            order = sorted(range(len(encodings)), key=lambda index: len(encodings[index]))
            while order:
                batch = order[: self.BATCH]
                while len(batch) * len(encodings[batch[-1]]) > self.BATCH_TOKENS:
                    batch.pop()
                del order[: len(batch)]
                longest = len(encodings[batch[-1]])  # they are in order of length
                inputs = {name: np.zeros((len(batch), longest), dtype=np.int64) for name in self.INPUTS}
                for row, index in enumerate(batch):
                    for name, part in self.INPUTS.items():
                        numbers = getattr(encodings[index], part)
                        inputs[name][row, : len(numbers)] = numbers
                rows[batch] = loaded.session.run(None, inputs)[0]
        return rows
