from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.core.errors import StorageFull, WorkerFailed
from app.core.types import Segment, SegmentKind, TimeSpan, VideoId
from retrieval.fts_index import SqliteLexicalIndex

VIDEO = VideoId("1" * 64)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteLexicalIndex]:
    lexical = SqliteLexicalIndex(tmp_path / "lexical.sqlite")
    yield lexical
    lexical.close()


def segment(n: int, text: str) -> Segment:
    return Segment(str(n), VIDEO, SegmentKind.SCREEN_TEXT, TimeSpan(n, n + 1), text, "m")


def add(index: SqliteLexicalIndex, *texts: str) -> None:
    index.add([segment(n, text) for n, text in enumerate(texts)])


def found(index: SqliteLexicalIndex, text: str) -> list[str]:
    return [hit.text for hit, _ in index.search(text, limit=10)]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Is Apple Silicon used?", "AppleSilicon"),
        ("MicrosoftMaui", "the Microsoft.Maui library"),
        ("Who is Goedegebuure?", "Director Sacha Goedegebune"),
        ("fibonaci", "def fibonacci(n)"),
        ("what about unemployment?", "UNEMPL0YMENT rate"),
        ("learning", "今日のlearning曲線"),
        ("タワー", "東京タワーは高い"),
    ],
)
def test_glued_and_misread_words_are_found(index: SqliteLexicalIndex, question: str, text: str) -> None:
    add(index, "a green hill", "orange juice", "the second half", text)
    assert found(index, question)[:1] == [text]


def test_a_word_as_it_stands_comes_before_a_misread_one(index: SqliteLexicalIndex) -> None:
    add(index, "fibonacci numbers", "fibonaci numbers", "other", "things", "here")
    assert found(index, "fibonaci")[0] == "fibonaci numbers"


def test_a_short_unknown_word_finds_nothing(index: SqliteLexicalIndex) -> None:
    add(index, "a category of cats")
    assert found(index, "ego") == []


def test_long_words_are_found_by_their_beginning(index: SqliteLexicalIndex) -> None:
    add(index, "photosynthesis explained", "a lamp")
    assert found(index, "photosynth") == ["photosynthesis explained"]


@pytest.mark.parametrize("question", ["猫", "猫咪", "ねこ"])
def test_a_character_or_a_pair_is_found_in_a_script_without_spaces(index: SqliteLexicalIndex, question: str) -> None:
    add(index, "我家的猫咪很可爱", "ねこが寝る", "木星很大")
    assert question in found(index, question)[0]


def test_a_file_of_an_older_version_is_indexed_again(index: SqliteLexicalIndex, tmp_path: Path) -> None:
    add(index, "港口大桥什么时候开放", "the whale dives")
    index.close()
    with closing(sqlite3.connect(tmp_path / "lexical.sqlite")) as old:
        old.executescript(
            "DROP TABLE words; DROP TABLE triples; PRAGMA user_version = 0;"
            'CREATE VIRTUAL TABLE words USING fts5(text, tokenize = "porter unicode61");'
            'CREATE VIRTUAL TABLE triples USING fts5(text, tokenize = "trigram");'
        )
    assert found(index, "大桥") == ["港口大桥什么时候开放"]
    assert found(index, "whales diving") == ["the whale dives"]


def test_segments_outlive_the_connection(index: SqliteLexicalIndex, tmp_path: Path) -> None:
    add(index, "kept")
    index.close()
    again = SqliteLexicalIndex(tmp_path / "lexical.sqlite")
    assert found(again, "kept") == ["kept"]
    again.close()


def test_nothing_is_opened_before_the_first_call(tmp_path: Path) -> None:
    SqliteLexicalIndex(tmp_path / "lexical.sqlite")
    assert not (tmp_path / "lexical.sqlite").exists()


def add_from_another_process(path: Path) -> None:
    other = SqliteLexicalIndex(path)
    other.add([segment(100 + n, "elsewhere") for n in range(50)])
    other.close()


def test_another_process_may_write(index: SqliteLexicalIndex, tmp_path: Path) -> None:
    add(index, "here")
    process = multiprocessing.get_context("spawn").Process(
        target=add_from_another_process, args=(tmp_path / "lexical.sqlite",)
    )
    process.start()
    for n in range(50):
        index.add([segment(n, "here too")])
    process.join(60)
    assert process.exitcode == 0
    assert len(index.search("elsewhere", limit=100)) == 50
    assert len(index.search("here", limit=100)) == 50


def test_a_full_disk_is_reported_and_nothing_is_half_added(index: SqliteLexicalIndex) -> None:
    add(index, "before")
    pages = index._idle[0].execute("PRAGMA page_count").fetchone()[0]
    index._idle[0].execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFull, match="no space left"):
        index.add([segment(n, f"word{n} " * 50) for n in range(1, 500)])
    assert found(index, "before") == ["before"]
    assert found(index, "word1") == []


def test_a_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "lexical.sqlite").write_bytes(b"not a database " * 1000)
    with pytest.raises(WorkerFailed, match=r"is damaged.*longreel reindex"):
        SqliteLexicalIndex(tmp_path / "lexical.sqlite").search("word", limit=1)


def test_a_folder_in_the_place_of_the_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "lexical.sqlite").mkdir()
    with pytest.raises(WorkerFailed, match="Check the folder"):
        SqliteLexicalIndex(tmp_path / "lexical.sqlite").search("word", limit=1)
