from __future__ import annotations

import errno
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.errors import BadSettings, StorageFull, WorkerFailed
from app.core.types import Segment, SegmentKind, TimeSpan, VideoId
from retrieval.chroma_client import ChromaStore, translated
from retrieval.chroma_index import ChromaSegmentIndex

VIDEO = VideoId("1" * 64)


def segment(n: int) -> Segment:
    return Segment(f"s{n}", VIDEO, SegmentKind.SPEECH, TimeSpan(10 * n, 10 * n + 10), f"text {n}", "m")


def unit(n: int, d: int = 16, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[ChromaSegmentIndex]:
    chroma = ChromaSegmentIndex(tmp_path / "chroma", None, wait_s=0.3)
    yield chroma
    chroma.close()


def test_segments_outlive_the_process_that_added_them(index: ChromaSegmentIndex, tmp_path: Path) -> None:
    index.add("text", [segment(n) for n in range(30)], unit(30))
    index.close()
    again = ChromaSegmentIndex(tmp_path / "chroma", None)
    assert [hit for hit, _ in again.search("text", unit(30)[7], limit=1)] == [segment(7)]
    again.close()


def test_nothing_is_opened_before_the_first_call(tmp_path: Path) -> None:
    ChromaSegmentIndex(tmp_path / "chroma", None)
    assert not (tmp_path / "chroma").exists()


def test_two_indexes_of_a_process_share_a_folder(index: ChromaSegmentIndex, tmp_path: Path) -> None:
    other = ChromaSegmentIndex(tmp_path / "chroma", None, wait_s=0.3)
    index.add("text", [segment(1)], unit(1))
    assert len(other.search("text", unit(1)[0], limit=1)) == 1
    index.close()
    assert len(other.search("text", unit(1)[0], limit=1)) == 1
    other.close()


def test_another_embedder_begins_a_new_collection(index: ChromaSegmentIndex, tmp_path: Path) -> None:
    index.add("text", [segment(1)], unit(1))
    other = ChromaSegmentIndex(tmp_path / "chroma", None, embedders={"text": "other 2.0"})
    assert other.search("text", unit(1)[0], limit=1) == []
    other.add("text", [segment(2)], unit(1))
    other.remove(VIDEO)
    assert index.search("text", unit(1)[0], limit=1) == []
    other.close()


HOLDER = """
import sys, time, pathlib, numpy
from retrieval.chroma_index import ChromaSegmentIndex
index = ChromaSegmentIndex(pathlib.Path(sys.argv[1]), None)
index.search("text", numpy.ones(16, numpy.float32) / 4, limit=1)
sys.stdout.write("open\\n")
sys.stdout.flush()
time.sleep(120)
"""


def test_a_second_process_is_told_what_to_do_until_the_first_is_killed(
    index: ChromaSegmentIndex, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "chroma")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "open\n"
            started = time.monotonic()
            with pytest.raises(WorkerFailed, match=f"pid {holder.pid}.*LONGREEL_CHROMA_URL"):
                index.search("text", unit(1)[0], limit=1)
            assert 0.3 <= time.monotonic() - started < 5
        finally:
            holder.kill()
    index.add("text", [segment(1)], unit(1))
    assert len(index.search("text", unit(1)[0], limit=1)) == 1


def test_a_damaged_folder_is_named_and_can_be_used_again_once_mended(index: ChromaSegmentIndex, tmp_path: Path) -> None:
    index.add("text", [segment(1)], unit(1))
    index.close()
    database = tmp_path / "chroma" / "chroma.sqlite3"
    sound = database.read_bytes()
    database.write_bytes(b"not a database " * 1000)
    with pytest.raises(WorkerFailed, match=r"Damage in the segment index.*longreel reindex"):
        index.search("text", unit(1)[0], limit=1)
    database.write_bytes(sound)
    assert len(index.search("text", unit(1)[0], limit=1)) == 1


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "chroma").write_text("a file", encoding="utf-8")
    with pytest.raises(WorkerFailed, match=r"Cannot write to the segment index.*Check the folder"):
        ChromaSegmentIndex(tmp_path / "chroma", None).search("text", unit(1)[0], limit=1)


def test_a_server_that_is_away_is_reported() -> None:
    with pytest.raises(WorkerFailed, match=r"No answer from the Chroma server at http://127.0.0.1:9.*chroma run"):
        ChromaSegmentIndex(None, "http://127.0.0.1:9").search("text", unit(1)[0], limit=1)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadSettings, match="not an address"):
        ChromaSegmentIndex(None, url).search("text", unit(1)[0], limit=1)


def test_an_index_needs_a_place() -> None:
    with pytest.raises(BadSettings, match="a folder or a server"):
        ChromaSegmentIndex(None, None)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("(code: 13) database or disk is full")]
)
def test_a_full_disk_is_told_apart(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(StorageFull, match="no space left"), translated(ChromaStore(tmp_path, None, 1)):
        raise error


@pytest.mark.slow
def test_thousands_of_random_vectors_are_found_nearly_exactly(index: ChromaSegmentIndex) -> None:
    vectors, queries = unit(4_000, 384), unit(30, 384, seed=1)
    index.add("text", [segment(n) for n in range(4_000)], vectors)
    found = 0
    for query in queries:
        exact = {f"s{n}" for n in np.argsort(-(vectors @ query))[:32]}
        found += len(exact & {hit.id for hit, _ in index.search("text", query, limit=32)})
    assert found / (30 * 32) >= 0.99
