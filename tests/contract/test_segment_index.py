"""The contract of SegmentIndex, over Chroma embedded, a Chroma server, and the fake."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from chromadb import HttpClient
from numpy.typing import NDArray

from app.core.errors import WorkerFailed
from app.core.ports import SegmentIndex
from app.core.types import Segment, SegmentKind, TimeSpan, VideoId
from retrieval.chroma_index import ChromaSegmentIndex
from retrieval.fakes import MemorySegmentIndex

ONE, TWO = VideoId("1" * 64), VideoId("2" * 64)


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("chroma")
    folder = tmp_path_factory.mktemp("chroma-server")
    command = [str(program), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        try:
            server = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, "ANONYMIZED_TELEMETRY": "False"}
            )
        except OSError as error:
            pytest.skip(f"chroma cannot be started: {error}")
    try:
        if not answers(f"http://127.0.0.1:{port}/api/v2/heartbeat", server):
            pytest.skip("chroma did not start: " + (folder / "log").read_text(errors="replace")[-300:])
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    give_up = time.monotonic() + 40
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except OSError:
            time.sleep(0.2)
    return False


@pytest.fixture(params=["embedded", "server", "memory"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SegmentIndex]:
    if request.param == "memory":
        yield MemorySegmentIndex()
        return
    url = request.getfixturevalue("chroma_url") if request.param == "server" else None
    mine = uuid.uuid4().hex
    chroma = ChromaSegmentIndex(tmp_path / "chroma", url, embedders={"text": mine, "picture": mine})
    yield chroma
    chroma.remove(ONE)
    chroma.remove(TWO)
    chroma.close()


def unit(n: int, d: int = 16, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def segment(n: int, video: VideoId = ONE, kind: SegmentKind = SegmentKind.SPEECH, text: str = "") -> Segment:
    return Segment(f"{video[:4]}-{n}", video, kind, TimeSpan(10 * n, 10 * n + 10), text or f"text {n}", "model-1")


def ids(hits: list[tuple[Segment, float]]) -> list[str]:
    return [hit.id for hit, _ in hits]


def test_it_is_a_segment_index(index: SegmentIndex) -> None:
    assert isinstance(index, SegmentIndex)


def test_an_empty_index_finds_nothing(index: SegmentIndex) -> None:
    assert index.search("text", unit(1)[0], limit=5) == []


def test_adding_nothing_is_fine(index: SegmentIndex) -> None:
    index.add("text", [], np.zeros((0, 16), np.float32))
    assert index.search("text", unit(1)[0], limit=5) == []


def test_the_nearest_come_first_with_their_cosine(index: SegmentIndex) -> None:
    vectors = unit(200)
    index.add("text", [segment(n) for n in range(200)], vectors)
    query = unit(1, seed=9)[0]
    hits = index.search("text", query, limit=20)
    cosines = vectors @ query
    assert ids(hits) == [f"1111-{n}" for n in np.argsort(-cosines)[:20]]
    assert [score for _, score in hits] == pytest.approx(sorted(cosines, reverse=True)[:20], abs=1e-5)


def test_a_segment_comes_back_exactly(index: SegmentIndex) -> None:
    full = Segment(
        "s é\"'1", ONE, SegmentKind.VISUAL, TimeSpan(1 / 3, 335 / 3), 'déjà "vu" 😀\n東京 \x01', "m v2", 335 / 3, "why?"
    )
    bare = Segment("s2", ONE, SegmentKind.SUMMARY, TimeSpan(0, 0), "", "m")
    index.add("text", [full, bare], unit(2))
    assert [hit for hit, _ in index.search("text", unit(2)[0], limit=2)] == [full, bare]


def test_the_same_id_replaces(index: SegmentIndex) -> None:
    index.add("text", [segment(1, text="old")], unit(1))
    index.add("text", [segment(1, text="new")], unit(1, seed=5))
    hits = index.search("text", unit(1, seed=5)[0], limit=5)
    assert [(hit.text, round(score, 4)) for hit, score in hits] == [("new", 1.0)]


def test_of_one_id_twice_in_a_call_the_last_stays(index: SegmentIndex) -> None:
    index.add("text", [segment(1, text="old"), segment(1, text="new")], unit(2))
    assert [hit.text for hit, _ in index.search("text", unit(2)[1], limit=5)] == ["new"]


def test_spaces_are_apart_and_may_have_other_dimensions(index: SegmentIndex) -> None:
    index.add("text", [segment(1)], unit(1))
    index.add("picture", [segment(2)], unit(1, d=8))
    assert ids(index.search("text", unit(1)[0], limit=5)) == ["1111-1"]
    assert ids(index.search("picture", unit(1, d=8)[0], limit=5)) == ["1111-2"]


def test_filters_keep_videos_kinds_and_overlapping_spans(index: SegmentIndex) -> None:
    kinds = [SegmentKind.SPEECH, SegmentKind.CAPTION]
    index.add("text", [segment(n, v, kinds[n % 2]) for v in (ONE, TWO) for n in range(50)], unit(100))
    query = unit(1, seed=3)[0]
    hits = index.search("text", query, limit=100, videos=[ONE], window=TimeSpan(95, 205), kinds=[SegmentKind.SPEECH])
    assert sorted(ids(hits)) == sorted(f"1111-{n}" for n in (10, 12, 14, 16, 18, 20))
    assert len(index.search("text", query, limit=100, videos=[ONE, TWO])) == 100
    assert index.search("text", query, limit=5, videos=[VideoId("3" * 64)]) == []
    assert index.search("text", query, limit=5, window=TimeSpan(5000, 6000)) == []


def test_a_filtered_search_returns_as_many_as_there_are(index: SegmentIndex) -> None:
    index.add("text", [segment(n, TWO if n % 100 == 0 else ONE) for n in range(3000)], unit(3000))
    vectors = unit(3000)[::100]
    query = unit(1, seed=3)[0]
    hits = index.search("text", query, limit=25, videos=[TWO])
    assert ids(hits) == [f"2222-{n * 100}" for n in np.argsort(-(vectors @ query))[:25]]


def test_an_instant_at_the_edge_of_the_window_is_found(index: SegmentIndex) -> None:
    index.add("text", [Segment("i", ONE, SegmentKind.VISUAL, TimeSpan(5, 5), "x", "m")], unit(1))
    assert len(index.search("text", unit(1)[0], limit=5, window=TimeSpan(5, 9))) == 1


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_below_one_finds_nothing(index: SegmentIndex, limit: int) -> None:
    index.add("text", [segment(1)], unit(1))
    assert index.search("text", unit(1)[0], limit=limit) == []


def test_a_removed_video_is_gone_from_all_spaces_and_may_come_back(index: SegmentIndex) -> None:
    for space in ("text", "picture"):
        index.add(space, [segment(n, v) for v in (ONE, TWO) for n in range(1200)], unit(2400))
    assert index.videos() >= {ONE, TWO}
    index.remove(ONE)
    assert ONE not in index.videos()
    for space in ("text", "picture"):
        assert {hit.video_id for hit, _ in index.search(space, unit(1)[0], limit=50)} == {TWO}
    index.add("text", [segment(1)], unit(1))
    assert ids(index.search("text", unit(1)[0], limit=50, videos=[ONE])) == ["1111-1"]


def test_what_is_of_one_kind_can_be_removed_alone(index: SegmentIndex) -> None:
    summaries = [segment(n, v, SegmentKind.SUMMARY) for v in (ONE, TWO) for n in range(3)]
    index.add("text", [*summaries, segment(3), segment(4)], unit(8))
    index.remove(ONE, [SegmentKind.SUMMARY])
    left = ids(index.search("text", unit(1)[0], limit=50))
    assert sorted(left) == ["1111-3", "1111-4", "2222-0", "2222-1", "2222-2"]


def test_removing_an_unknown_video_is_fine(index: SegmentIndex) -> None:
    index.remove(ONE)


def test_vectors_that_do_not_fit_are_refused(index: SegmentIndex) -> None:
    with pytest.raises(ValueError, match="2 segments need as many vectors"):
        index.add("text", [segment(1), segment(2)], unit(1))


def test_threads_may_read_and_write_at_once(index: SegmentIndex) -> None:
    index.add("text", [segment(n, TWO) for n in range(100)], unit(100))
    errors: list[Exception] = []

    def write(seed: int) -> None:
        try:
            for n in range(5):
                index.add("text", [segment(1000 * seed + 10 * n + i) for i in range(10)], unit(10, seed=seed + n))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)

    def read() -> None:
        try:
            for n in range(10):
                assert len(index.search("text", unit(1, seed=n)[0], limit=20, videos=[TWO])) == 20
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)

    threads = [threading.Thread(target=write, args=(seed,)) for seed in (1, 2)]
    threads += [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(index.search("text", unit(1)[0], limit=500)) == 200


def test_a_server_that_was_emptied_is_named_once_and_can_be_filled_again(chroma_url: str) -> None:
    chroma = ChromaSegmentIndex(None, chroma_url, embedders={"text": uuid.uuid4().hex})
    chroma.add("text", [segment(1)], unit(1))
    server = HttpClient(host="127.0.0.1", port=urlsplit(chroma_url).port or 0)
    server.delete_collection(chroma._collection("text", 16).name)
    with pytest.raises(WorkerFailed, match=r"Data is missing on the Chroma server.*: longreel reindex"):
        chroma.search("text", unit(1)[0], limit=1)
    assert chroma.search("text", unit(1)[0], limit=1) == []
    chroma.add("text", [segment(1)], unit(1))
    assert ids(chroma.search("text", unit(1)[0], limit=1)) == [segment(1).id]
    chroma.remove(ONE)
    chroma.close()
