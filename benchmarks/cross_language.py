"""How well questions find passages in other languages, with each text embedder and with the reranker.

    python -m benchmarks.cross_language [--embedders e5,minilm] [--json benchmarks/results/cross_language.json]

Each of the passages in `cross_language.json` has a question in seven languages, and one translation. The questions are
asked of the English passages; the English questions are asked of the translations; and all questions are asked of both
together, where a passage in the question's own language must not crowd out the right one. A hit is the right passage
among the first five (or as the first). English words alone are measured too, and the reranker on what they found.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.ports import Reranker, TextEmbedder
from app.core.settings import load_settings
from app.core.types import Segment, SegmentKind, TimeSpan, VideoId
from benchmarks.cli_runner import publish
from gpu_workers.registry import Workers
from retrieval.fts_index import SqliteLexicalIndex

COLUMNS = ("search", "questions", "passages", "first", "among five")
FIRST = 5
RERANKED = 10
"""Passages that the reranker sees, the best of those that share words with the question."""
VIDEO = VideoId("0" * 64)


@dataclass(frozen=True, slots=True)
class TranslatedPassage:
    """A passage, a translation of it, and the question for it in each language."""

    passage: str
    translation: str
    questions: Mapping[str, str]


def cases() -> list[TranslatedPassage]:
    """The cases of `cross_language.json`."""
    rows = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return [TranslatedPassage(row["passage"], row["translation"]["text"], row["questions"]) for row in rows]


def hits(ranks: Sequence[int]) -> tuple[float, float]:
    """The shares of ranks (from 0; negative: not found) that are first and among five."""
    places = np.array(ranks)
    return float((places == 0).mean()), float(((places >= 0) & (places < FIRST)).mean())


def ranks(scores: NDArray[np.floating], right: Sequence[Sequence[int]]) -> list[int]:
    """For each row of scores the best rank that a right column has."""
    order = (-scores).argsort(axis=1, kind="stable")
    return [int(np.flatnonzero(np.isin(row, columns))[0]) for row, columns in zip(order, right, strict=True)]


def _places(found: Sequence[Sequence[int]]) -> list[int]:
    """Where each question's own passage stands in what was found, -1 for nowhere."""
    return [list(ids).index(own) if own in ids else -1 for own, ids in enumerate(found)]


class Measured:
    """The rows of the table as they are measured."""

    def __init__(self, some: Sequence[TranslatedPassage]) -> None:
        self._cases = some
        self._english = [case.passage for case in some]
        self._others = [case.translation for case in some]
        self._alone = [[place] for place in range(len(some))]
        self.rows: list[tuple[str, ...]] = []

    def add(self, search: str, questions: str, passages: str, found: Sequence[int]) -> None:
        """One row."""
        self.rows.append((search, questions, passages, *(f"{100 * share:.0f} %" for share in hits(found))))

    def dense(self, name: str, embedder: TextEmbedder) -> None:
        """Every pair of languages by one embedder."""
        english, others = embedder.embed(self._english), embedder.embed(self._others)
        both = np.concatenate([english, others])
        either = [[place, place + len(self._cases)] for place in range(len(self._cases))]
        for language in self._cases[0].questions:
            asked = np.stack([embedder.embed_query(case.questions[language]) for case in self._cases])
            self.add(name, language, "English", ranks(asked @ english.T, self._alone))
            if language == "en":
                self.add(name, language, "six languages", ranks(asked @ others.T, self._alone))
            self.add(name, language, "both", ranks(asked @ both.T, either))

    def words(self, reranker: Reranker) -> None:
        """English questions by the words of the passages, and what the reranker makes of the best."""
        with tempfile.TemporaryDirectory() as folder:
            index = SqliteLexicalIndex(Path(folder) / "words.sqlite")
            kind, span = SegmentKind.SPEECH, TimeSpan(0.0, 1.0)
            index.add([Segment(str(n), VIDEO, kind, span, text, "") for n, text in enumerate(self._english)])
            asked = [case.questions["en"] for case in self._cases]
            found = [[int(hit.id) for hit, _ in index.search(question, limit=len(asked))] for question in asked]
            index.close()
        self.add("words", "en", "English", _places(found))
        ordered = []
        for question, ids in zip(asked, found, strict=True):
            scores = reranker.scores(question, [self._english[number] for number in ids[:RERANKED]])
            ordered.append([ids[place] for place in (-scores).argsort(kind="stable")])
        self.add("words, reranked", "en", "English", _places(ordered))


def measure(names: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of the table for these embedders."""
    workers = Workers(load_settings())
    measured = Measured(cases())
    measured.words(workers.named("reranker", "cross-encoder-onnx"))
    for name in names:
        measured.dense(name, workers.named("text_embedder", name))
    return measured.rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the table and keeps it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--embedders", default="e5,minilm", help="names, with commas between them")
    parser.add_argument("--json", type=Path, help="where the result is kept")
    options = parser.parse_args(arguments)
    rows = measure(options.embedders.split(","))
    notes = [
        f"{len(cases())} passages of our own; shares of questions whose passage is first, and among the first five"
    ]
    publish("Questions and passages in different languages", COLUMNS, rows, options.json, notes=notes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
