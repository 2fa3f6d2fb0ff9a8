"""Runs a command of Longreel with a part left out, or a threshold moved, that no setting reaches, to be measured.

    python -m benchmarks.without checks eval own --annotations qa.jsonl --videos .

Nobody should be able to switch the checks off, so the product has no setting for it: here another part takes the place
of the checks, of one of the indexes or of the fit that ends a search, for the life of this process.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from agents.state import AgentState, Claim, Work
from agents.verification import Verdict
from app.cli import main as longreel
from app.core.events import Listener
from app.core.ports import FrameEmbedder, LexicalIndex, SegmentIndex, TextEmbedder
from app.core.types import Segment
from retrieval.retriever import HybridRetriever


class Empty:
    """A segment index, and a word index, that holds nothing and takes nothing."""

    def add(self, *_: object) -> None:
        """Adds nothing."""

    def search(self, *_: object, **__: object) -> list[tuple[Segment, float]]:
        """Finds nothing."""
        return []

    def remove(self, *_: object) -> None:
        """Removes nothing."""


class WordsAlone(HybridRetriever):
    """Finds what shares words with the question: no meanings, no pictures."""

    def __init__(
        self, texts: TextEmbedder, pictures: FrameEmbedder | None, index: SegmentIndex, lexical: LexicalIndex
    ) -> None:
        del pictures, index
        super().__init__(texts, None, Empty(), lexical)


class VectorsAlone(HybridRetriever):
    """Finds what is near to the question in meaning, in text or picture."""

    def __init__(
        self, texts: TextEmbedder, pictures: FrameEmbedder | None, index: SegmentIndex, lexical: LexicalIndex
    ) -> None:
        del lexical
        super().__init__(texts, pictures, index, Empty())


def believed(claim: Claim, state: AgentState, work: Work, tell: Listener) -> tuple[Verdict, Claim]:
    """Every claim as it is, with all the evidence that it names."""
    del state, work, tell
    return Verdict(True, "not checked"), claim


_STOP = "agents.nodes.reflect.ENOUGH"
PLACES: Mapping[str, tuple[str, Any]] = {
    "checks": ("agents.nodes.verify._verdict", believed),
    "vectors": ("retrieval.retriever.HybridRetriever", WordsAlone),
    "words": ("retrieval.retriever.HybridRetriever", VectorsAlone),
    "stop": (_STOP, 2.0),
    "fit-0.4": (_STOP, 0.4),
    "fit-0.8": (_STOP, 0.8),
}
"""What can be left out: the part that is replaced, and what takes its place."""


def without(part: str) -> AbstractContextManager[object]:
    """Leaves a part out while the context lasts. Raises KeyError for a part that is not in PLACES."""
    place, other = PLACES[part]
    return patch(place, other)


def main() -> None:
    """Runs `longreel` with the arguments after the part's name."""
    if len(sys.argv) < 3 or sys.argv[1] not in PLACES:
        raise SystemExit(f"Give what is left out ({', '.join(PLACES)}), then a command of longreel.")
    part = sys.argv.pop(1)
    with without(part):
        longreel()


if __name__ == "__main__":
    main()
