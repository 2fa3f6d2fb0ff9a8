"""How long a search takes in a large library: `python -m benchmarks.retrieval_speed [--segments N] [--json FILE]`.

Builds an index on disk of random unit vectors and made-up texts, then times HybridRetriever.search with a text
embedder that costs nothing and with the profile's own. Exits with 1 when the 95th percentile is over the budget.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.ports import TextEmbedder
from app.core.types import Frame, FrameFeatures, Segment, SegmentKind, TimeSpan, VideoId
from benchmarks.cli_runner import publish
from retrieval.chroma_index import ChromaSegmentIndex
from retrieval.fts_index import SqliteLexicalIndex
from retrieval.retriever import HybridRetriever

DIMENSION = 384
VIDEOS = 20
BUDGET_MS = 50.0
COLUMNS = ("search", "median", "95th percentile")
BATCH = 1000


class RandomEmbedder:
    """Gives each text a random unit vector at no cost, so that only the search is timed."""

    model = "random"

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (n, 384)."""
        rows = self._random.standard_normal((len(texts), DIMENSION)).astype(np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (384,)."""
        return np.asarray(self.embed([text])[0], dtype=np.float32)


class RandomPictures:
    """A frame embedder whose pictures are random and whose queries are those of a text embedder, as in ConSE."""

    model = "random"

    def __init__(self, texts: TextEmbedder) -> None:
        self._texts = texts
        self._pictures = RandomEmbedder(7)

    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:
        """One random vector a frame."""
        rows = self._pictures.embed([""] * len(frames))
        return [FrameFeatures(frame.pts_s, row, row) for frame, row in zip(frames, rows, strict=True)]

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (384,)."""
        return np.asarray(self._texts.embed_query(text), dtype=np.float32)


def vocabulary(size: int = 8000, seed: int = 0) -> list[str]:
    """Made-up words of two to four syllables, without repeats."""
    dice = random.Random(seed)  # noqa: S311 - test data
    syllables = [a + b for a, b in itertools.product("bdfgklmnprstvz", ("a", "e", "i", "o", "u", "an", "er", "il"))]
    words: dict[str, None] = {}
    while len(words) < size:
        words["".join(dice.choices(syllables, k=dice.randint(2, 4)))] = None
    return list(words)


def library(count: int, words: Sequence[str], seed: int = 1) -> list[Segment]:
    """Segments of 20 s in 20 videos: long speech, short screen text, captions; words as frequent as in speech."""
    dice = random.Random(seed)  # noqa: S311 - test data
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))
    sizes = {SegmentKind.SPEECH: 60, SegmentKind.SCREEN_TEXT: 12, SegmentKind.CAPTION: 15}
    kinds = list(sizes)
    made = []
    for n in range(count):
        kind, start = kinds[n % 3], 20.0 * (n // VIDEOS)
        text = " ".join(dice.choices(words, cum_weights=weights, k=sizes[kind]))
        made.append(Segment(f"s{n}", VideoId(f"{n % VIDEOS:064d}"), kind, TimeSpan(start, start + 20), text, "made-up"))
    return made


def build(retriever: HybridRetriever, segments: Sequence[Segment]) -> float:
    """Indexes all segments as texts and every third also as a picture; returns the seconds it took."""
    pictures = RandomEmbedder(7)
    started = time.perf_counter()
    for at in range(0, len(segments), BATCH):
        batch = segments[at : at + BATCH]
        retriever.add(batch)
        retriever.add_pictures(batch[::3], pictures.embed([""] * len(batch[::3])))
    return time.perf_counter() - started


def percentiles(search: Callable[[str], object], questions: Sequence[str]) -> dict[str, float]:
    """Milliseconds of one search: median and 95th percentile, after three searches that are not counted."""
    for question in questions[:3]:
        search(question)
    times = []
    for question in questions[3:]:
        started = time.perf_counter()
        search(question)
        times.append(1000 * (time.perf_counter() - started))
    return {"p50_ms": float(np.percentile(times, 50)), "p95_ms": float(np.percentile(times, 95))}


def measure(count: int, rounds: int, real: TextEmbedder | None) -> dict[str, dict[str, float]]:
    """Percentiles by what was searched and how."""
    words = vocabulary()
    dice = random.Random(2)  # noqa: S311 - test data
    questions = ["What does the " + " ".join(dice.choices(words[:2000], k=5)) + "?" for _ in range(rounds + 3)]
    with tempfile.TemporaryDirectory() as folder:
        dense = ChromaSegmentIndex(Path(folder) / "chroma", None)
        lexical = SqliteLexicalIndex(Path(folder) / "lexical.sqlite")
        free = RandomEmbedder()
        retriever = HybridRetriever(free, RandomPictures(free), dense, lexical)
        print(f"{count} segments, built in {build(retriever, library(count, words)):.1f} s")
        one = [VideoId(f"{3:064d}")]
        results = {
            "no embedder, library": percentiles(lambda q: retriever.search(q, limit=8), questions),
            "no embedder, one video": percentiles(lambda q: retriever.search(q, limit=8, videos=one), questions),
        }
        if real is not None:
            full = HybridRetriever(real, RandomPictures(real), dense, lexical)
            results[f"{real.model}, library"] = percentiles(lambda q: full.search(q, limit=8), questions)
            results[f"{real.model}, one video"] = percentiles(lambda q: full.search(q, limit=8, videos=one), questions)
        dense.close()
        lexical.close()
    return results


def notes(count: int, rounds: int, results: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Whether the slowest kind of search keeps the budget, and what was searched."""
    slowest = max(row["p95_ms"] for row in results.values())
    verdict = "met" if slowest <= BUDGET_MS else "missed"
    return [
        f"95th percentile, at most: {slowest:.1f} of {BUDGET_MS:g} ms ({verdict})",
        f"{count:,} segments of {VIDEOS} videos, {rounds} searches of each kind",
    ]


def real_embedder() -> TextEmbedder:
    """The text embedder that the settings choose."""
    from app.core.settings import load_settings
    from gpu_workers.registry import Workers

    embedder: TextEmbedder = Workers(load_settings()).get("text_embedder")
    return embedder


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, writes JSON if asked; 1 when a 95th percentile is over the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=100, help="searches timed of each kind")
    parser.add_argument("--no-model", action="store_true", help="leave out the real text embedder")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    results = measure(options.segments, options.rounds, None if options.no_model else real_embedder())
    rows = [[name, f"{row['p50_ms']:.1f} ms", f"{row['p95_ms']:.1f} ms"] for name, row in results.items()]
    remarks = notes(options.segments, options.rounds, results)
    publish("Searching a large library", COLUMNS, rows, options.json, notes=remarks, figures=results)
    print(remarks[0])
    return int(max(row["p95_ms"] for row in results.values()) > BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())
