"""Ports that turn text into numbers: vectors for search, scores for ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class TextEmbedder(Protocol):
    """Turns texts into unit vectors. Questions and passages may need different prompts, so each has its own method."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of passages: shape (n, d), each row of length one; (0, d) for no texts."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The unit vector of a question, shape (d,), to compare with passages by dot product."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Scores how well passages match a question, reading both together."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """The ISO 639-1 codes it was trained for; empty for every language."""
        ...

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """One score per passage, shape (n,): higher is better. Only for ranking."""
        ...
