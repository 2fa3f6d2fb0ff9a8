"""The contract of Retriever, over the hybrid one (real indexes, in memory and on disk) and the fake."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.errors import WorkerFailed
from app.core.ports import Retriever
from app.core.types import Evidence, Frame, FrameFeatures, Segment, SegmentKind, TimeSpan, VideoId
from retrieval.chroma_index import ChromaSegmentIndex
from retrieval.fakes import MemoryLexicalIndex, MemoryRetriever, MemorySegmentIndex
from retrieval.fts_index import SqliteLexicalIndex
from retrieval.query import tokens
from retrieval.retriever import HybridRetriever

ONE, TWO = VideoId("1" * 64), VideoId("2" * 64)


class WordEmbedder:
    """A text's vector is the sum of its words' fixed random vectors: texts that share words are near."""

    model = "words"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [self._row(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(rows), 64)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return self._row(text)

    def _row(self, text: str) -> NDArray[np.float32]:
        seeds = [zlib.crc32(word.encode()) for word in tokens(text)] or [0]
        total = sum(np.random.default_rng(seed).standard_normal(64) for seed in seeds)
        return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


class PictureEmbedder(WordEmbedder):
    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:  # type: ignore[override]
        raise AssertionError("a retriever never embeds frames")


@pytest.fixture(params=["stores", "memory stores", "without pictures", "fake"])
def retriever(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Retriever]:
    if request.param == "fake":
        yield MemoryRetriever()
    elif request.param == "stores":
        dense, lexical = ChromaSegmentIndex(tmp_path / "c", None), SqliteLexicalIndex(tmp_path / "l.sqlite")
        yield HybridRetriever(WordEmbedder(), PictureEmbedder(), dense, lexical)
        dense.close()
        lexical.close()
    else:
        pictures = PictureEmbedder() if request.param == "memory stores" else None
        yield HybridRetriever(WordEmbedder(), pictures, MemorySegmentIndex(), MemoryLexicalIndex())


def segment(n: int, text: str, video: VideoId = ONE, kind: SegmentKind = SegmentKind.SPEECH) -> Segment:
    return Segment(f"{video[:4]}-{kind}-{n}", video, kind, TimeSpan(20 * n, 20 * n + 20), text, "m")


def texts(found: Sequence[Evidence]) -> list[str]:
    return [evidence.segment.text for evidence in found]


def test_it_is_a_retriever(retriever: Retriever) -> None:
    assert isinstance(retriever, Retriever)


def test_an_empty_library_gives_no_evidence(retriever: Retriever) -> None:
    assert retriever.search("anything at all", limit=5) == []


def test_the_best_match_comes_first_under_the_name_e1(retriever: Retriever) -> None:
    retriever.add([segment(0, "the lava is hot"), segment(1, "the whale dives deep"), segment(2, "a red pizza")])
    found = retriever.search("how deep does the whale dive?", limit=3)
    assert found[0].segment == segment(1, "the whale dives deep")
    assert [evidence.id for evidence in found] == [f"E{n + 1}" for n in range(len(found))]
    assert all(0 <= evidence.score <= 1 for evidence in found)
    assert found[0].score == max(evidence.score for evidence in found)
    assert all(evidence.found_by for evidence in found)


def test_filters_and_limit_hold(retriever: Retriever) -> None:
    kinds = (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT)
    retriever.add([segment(n, f"whale number {n}", v, k) for v in (ONE, TWO) for n in range(20) for k in kinds])
    window = TimeSpan(95, 205)
    found = retriever.search("whale", limit=4, videos=[TWO], window=window, kinds=[SegmentKind.SCREEN_TEXT])
    assert len(found) == 4
    assert all(evidence.segment.video_id == TWO for evidence in found)
    assert all(evidence.segment.span.overlaps(window) for evidence in found)
    assert all(evidence.segment.kind is SegmentKind.SCREEN_TEXT for evidence in found)
    assert retriever.search("whale", limit=4, videos=[VideoId("3" * 64)]) == []


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_question_gives_no_evidence(retriever: Retriever, text: str) -> None:
    retriever.add([segment(0, "whale")])
    assert retriever.search(text, limit=5) == []


@pytest.mark.parametrize("text", ['"', "AND OR NOT", "whale*", "\ud800 whale", "\x00", "😀", "whale " * 2000])
def test_hostile_questions_are_harmless(retriever: Retriever, text: str) -> None:
    retriever.add([segment(0, "whale")])
    assert len(retriever.search(text, limit=5)) <= 1


def test_a_limit_below_one_gives_no_evidence(retriever: Retriever) -> None:
    retriever.add([segment(0, "whale")])
    assert retriever.search("whale", limit=0) == []


def test_segments_without_text_are_left_out(retriever: Retriever) -> None:
    retriever.add([segment(0, ""), segment(1, " \n"), segment(2, "whale")])
    assert texts(retriever.search("whale", limit=5)) == ["whale"]


def test_the_same_id_replaces(retriever: Retriever) -> None:
    retriever.add([segment(0, "whale")])
    retriever.add([segment(0, "lava")])
    assert texts(retriever.search("lava", limit=5)) == ["lava"]


def test_a_removed_video_is_forgotten(retriever: Retriever) -> None:
    retriever.add([segment(0, "whale"), segment(0, "whale", TWO)])
    retriever.add_pictures([segment(1, "whale", kind=SegmentKind.VISUAL)], WordEmbedder().embed(["whale"]))
    retriever.remove(ONE)
    assert {evidence.segment.video_id for evidence in retriever.search("whale", limit=5)} == {TWO}


def test_what_is_of_one_kind_can_be_forgotten_alone(retriever: Retriever) -> None:
    retriever.add([segment(0, "whale"), segment(1, "whale", kind=SegmentKind.SUMMARY)])
    retriever.remove(ONE, [SegmentKind.SUMMARY])
    assert [evidence.segment.kind for evidence in retriever.search("whale", limit=5)] == [SegmentKind.SPEECH]


def test_pictures_are_found_by_words() -> None:
    retriever = HybridRetriever(WordEmbedder(), PictureEmbedder(), MemorySegmentIndex(), MemoryLexicalIndex())
    pictures = [segment(n, "", kind=SegmentKind.VISUAL) for n in range(3)]
    retriever.add_pictures(pictures, WordEmbedder().embed(["lighthouse", "dog", "car"]))
    found = retriever.search("dog", limit=3)
    assert found[0].segment == pictures[1]
    assert found[0].found_by == ("picture",)
    assert found[0].score == pytest.approx(1.0, abs=1e-5)


def test_evidence_tells_every_search_that_found_it() -> None:
    retriever = HybridRetriever(WordEmbedder(), PictureEmbedder(), MemorySegmentIndex(), MemoryLexicalIndex())
    both = segment(0, "a dog", kind=SegmentKind.VISUAL)
    retriever.add([both, segment(1, "something else entirely")])
    retriever.add_pictures([both], WordEmbedder().embed(["dog"]))
    found = retriever.search("dog", limit=2)
    assert found[0].found_by == ("dense", "lexical", "picture")
    assert found[1].found_by == ("dense",)
    assert found[0].score > found[1].score


class BrokenIndex(MemorySegmentIndex):
    def search(self, *args: object, **kwargs: object) -> list[tuple[Segment, float]]:
        raise WorkerFailed("The index is away.", "Start it.")


class BrokenLexicalIndex(MemoryLexicalIndex):
    def search(self, *args: object, **kwargs: object) -> list[tuple[Segment, float]]:
        raise WorkerFailed("The index is away.", "Start it.")


@pytest.mark.parametrize(
    ("dense", "lexical"), [(BrokenIndex(), MemoryLexicalIndex()), (MemorySegmentIndex(), BrokenLexicalIndex())]
)
def test_an_index_that_fails_is_not_passed_over(dense: MemorySegmentIndex, lexical: MemoryLexicalIndex) -> None:
    retriever = HybridRetriever(WordEmbedder(), None, dense, lexical)
    retriever.add([segment(0, "whale")])
    with pytest.raises(WorkerFailed, match="The index is away"):
        retriever.search("whale", limit=5)


class MeaningEmbedder(WordEmbedder):
    """Words of one meaning have one vector."""

    def _row(self, text: str) -> NDArray[np.float32]:
        return super()._row(text.replace("runner", "marathon").replace("champion", "won"))


def test_the_one_segment_with_the_words_of_a_question_stands_among_the_first_of_many_that_are_near_it() -> None:
    retriever = HybridRetriever(MeaningEmbedder(), None, MemorySegmentIndex(), MemoryLexicalIndex())
    retriever.add([segment(n, f"runner champion {n}") for n in range(60)])
    lost = segment(60, "bees clocks ferries honey maps nests bridges towers the marathon was won by a baker")
    retriever.add([lost])
    found = retriever.search("who won the marathon", limit=5)
    assert lost in [evidence.segment for evidence in found[:2]]


def test_talk_does_not_crowd_out_what_is_written() -> None:
    retriever = HybridRetriever(WordEmbedder(), None, MemorySegmentIndex(), MemoryLexicalIndex())
    retriever.add([segment(n, f"whale whale song {n}") for n in range(30)])
    retriever.add(
        [segment(n, f"whale chart of an unrelated long caption {n}", TWO, SegmentKind.SCREEN_TEXT) for n in range(3)]
    )
    found = retriever.search("whale song", limit=8)
    assert len(found) == 8
    assert sum(evidence.segment.kind is SegmentKind.SCREEN_TEXT for evidence in found) == 2


def test_a_video_that_another_embedder_indexed_is_embedded_again_when_it_is_searched(tmp_path: Path) -> None:
    class Other(WordEmbedder):
        model = "other words"

        def _row(self, text: str) -> NDArray[np.float32]:
            return np.ascontiguousarray(super()._row(text)[::-1])

    lexical = SqliteLexicalIndex(tmp_path / "l.sqlite")
    for embedder in (WordEmbedder(), Other()):
        dense = ChromaSegmentIndex(tmp_path / "c", None, embedders={"text": embedder.model})
        retriever = HybridRetriever(embedder, None, dense, lexical)
        if embedder.model == "words":
            retriever.add([segment(0, "the lava is hot"), segment(1, "the whale dives", TWO)])
        else:  # What is seen or heard anew before the first search must not hide the rest.
            retriever.add([segment(2, "a bird sings")])
        found = retriever.search("lava", limit=5, videos=[ONE])
        assert found[0].found_by == ("dense", "lexical")
        assert retriever.search("whale", limit=5)[0].found_by == ("dense", "lexical")
        dense.close()
    lexical.close()
