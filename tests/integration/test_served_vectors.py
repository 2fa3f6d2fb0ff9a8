"""Texts and pictures that are found by vectors of a server, in the real index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from app.core.settings import Settings
from app.core.types import Frame, Segment, SegmentKind, TimeSpan, VideoId
from gpu_workers.registry import Workers
from retrieval.chroma_index import ChromaSegmentIndex
from retrieval.fts_index import SqliteLexicalIndex
from retrieval.retriever import HybridRetriever
from tests.served_models import embedding_service

VIDEO = VideoId("a" * 64)
TEXTS = ["the red boat sails home", "stock prices fell sharply"]
COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255)}


def segment(number: int, kind: SegmentKind, text: str) -> Segment:
    return Segment(f"{kind}-{number}", VIDEO, kind, TimeSpan(10.0 * number, 10.0 * number + 5), text, "test")


@contextmanager
def retriever(folder: Path, url: str, model: str) -> Iterator[tuple[HybridRetriever, Workers]]:
    """What searches the folder with the vectors of a model."""
    chosen = {"text_embedder": "openai", "frame_embedder": "openai"}
    workers = Workers(Settings(models=chosen, embedding_url=url, embedding_model=model))
    texts, pictures = workers.get("text_embedder"), workers.get("frame_embedder")
    index = ChromaSegmentIndex(folder / "chroma", None, embedders={"text": texts.model, "picture": pictures.model})
    try:
        yield HybridRetriever(texts, pictures, index, SqliteLexicalIndex(folder / "lexical.sqlite")), workers
    finally:
        index.close()
        workers.unload("text_embedder", "frame_embedder")


def test_words_find_texts_and_pictures_by_the_vectors_of_a_server(tmp_path: Path) -> None:
    with embedding_service() as service, retriever(tmp_path, service.url, "one") as (found_by, workers):
        found_by.add([segment(number, SegmentKind.SPEECH, text) for number, text in enumerate(TEXTS)])
        frames = [Frame(0.0, np.full((90, 160, 3), colour, np.uint8)) for colour in COLOURS.values()]
        concepts = np.stack([one.concept for one in workers.get("frame_embedder").embed(frames)])
        found_by.add_pictures([segment(number, SegmentKind.VISUAL, "") for number in range(len(frames))], concepts)
        said = found_by.search("a boat comes home", limit=1, kinds=[SegmentKind.SPEECH])
        seen = found_by.search("blue", limit=1, kinds=[SegmentKind.VISUAL])
    assert [one.segment.text for one in said] == [TEXTS[0]]
    assert [one.segment.id for one in seen] == ["visual-1"]


def test_with_another_model_the_old_texts_get_new_vectors(tmp_path: Path) -> None:
    with embedding_service() as service:
        with retriever(tmp_path, service.url, "one") as (before, _):
            before.add([segment(number, SegmentKind.SPEECH, text) for number, text in enumerate(TEXTS)])
        embedded = len(service.requests)
        with retriever(tmp_path, service.url, "two") as (after, _):
            (hit,) = after.search("sails", limit=1)
        again = [one["input"] for one in service.requests[embedded:] if one["model"] == "two" and "input" in one]
    assert hit.segment.text == TEXTS[0]
    assert "dense" in hit.found_by
    assert TEXTS in again
