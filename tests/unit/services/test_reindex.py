"""A lost, damaged or outdated index is found and built again from the library."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from app.core.errors import NotFound
from app.core.events import Event, Warned
from app.core.types import FrameFeatures, Segment, SegmentKind, TimeSpan, Video, VideoId
from app.db.database import MemoryDatabase
from app.db.jobs import SqlJobStore
from app.db.library import SqlLibrary
from app.jobs.worker import Worker
from app.services.doctor import examine_library
from app.services.reindex import KIND, Reindexer
from gpu_workers.language.fakes import FakeTextEmbedder
from gpu_workers.vision.fakes import FakeFrameEmbedder
from retrieval.chroma_index import ChromaSegmentIndex
from retrieval.fts_index import SqliteLexicalIndex
from retrieval.retriever import HybridRetriever
from tests.unit.api.stand_in import a_video

TEXTS = 40
CONCEPT = FakeFrameEmbedder().embed_query("a bridge")


class Stores:
    """A library of two videos with its indexes on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        database = MemoryDatabase()
        self.library, self.jobs = SqlLibrary(database), SqlJobStore(database)
        self.videos = [self.library.add_video(a_video(data, "Film", folder / "film.mp4")) for data in (b"one", b"two")]
        self.open()
        for video in self.videos:
            self.library.add_segments(segments_of(video.id))
        self.reindexer.run()

    def open(self) -> None:
        """As a process that starts."""
        self.dense = ChromaSegmentIndex(self.folder / "chroma", None, embedders={"text": "t", "picture": "p"})
        self.lexical = SqliteLexicalIndex(self.folder / "lexical.sqlite")
        self.retriever = HybridRetriever(FakeTextEmbedder(), FakeFrameEmbedder(), self.dense, self.lexical)
        self.reindexer = Reindexer(self.library, self.jobs, lambda: self.retriever, features_of)

    def close(self) -> None:
        self.dense.close()
        self.lexical.close()

    def found(self) -> tuple[int, int, int]:
        """How many segments of the first video each search finds."""
        one = [self.videos[0].id]
        said = len(self.lexical.search("bridge", limit=100, videos=one))
        vector = FakeTextEmbedder().embed_query("bridge")
        meant = len(self.dense.search("text", vector, limit=100, videos=one))
        seen = len(self.dense.search("picture", CONCEPT, limit=100, videos=one))
        return said, meant, seen


def segments_of(video: VideoId) -> list[Segment]:
    spoken = [
        Segment(f"{video}-speech-{n}", video, SegmentKind.SPEECH, TimeSpan(n, n + 1), f"bridge number {n}", "m")
        for n in range(TEXTS)
    ]
    return [*spoken, Segment(f"{video}-visual-0", video, SegmentKind.VISUAL, TimeSpan(0, 9), "bridge", "m", 4.0)]


def features_of(_: Video) -> list[FrameFeatures]:
    return [FrameFeatures(4.0, CONCEPT, CONCEPT, ())]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path)
    yield made
    made.close()


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 20_000] = b"\xff" * 20_000
    path.write_bytes(data)


FAULTS = (zeroed, emptied, cut, scribbled, Path.unlink)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("store", ["lexical.sqlite", "chroma/chroma.sqlite3"])
def test_a_store_that_was_lost_or_damaged_is_built_again(
    stores: Stores, tmp_path: Path, store: str, fault: Callable[[Path], None]
) -> None:
    stores.close()
    fault(tmp_path / store)
    stores.open()
    stores.reindexer.look()
    assert [job.kind for job in stores.jobs.list()] == [KIND]
    Worker(stores.jobs, {KIND: stores.reindexer.handle}).run_one()
    assert stores.found() == (TEXTS, TEXTS, 1)
    assert stores.reindexer.problems() == stores.reindexer.differing() == []
    (job,) = stores.jobs.list()
    assert (job.result or {})["videos"] == 2
    damaged = bool((job.result or {})["damaged"])
    assert damaged == bool(list(tmp_path.glob("*.damaged-*")))


class NoThumbnails:
    """A library of which two pictures are lost."""

    def lost_thumbnails(self, _: VideoId) -> list[float]:
        return [4.0, 9.0]


def test_the_doctor_names_what_each_index_lacks_and_what_to_do(stores: Stores) -> None:
    one, other = (video.id for video in stores.videos)
    stores.lexical.remove(one)
    stores.lexical.add([replace(segments_of(one)[0], text="another bridge")])
    stores.dense.remove(other, [SegmentKind.VISUAL])
    checks = examine_library(stores.reindexer, cast(Any, NoThumbnails()))
    wrong = {check.name: check.detail for check in checks if not check.ok}
    assert {check.command for check in checks if not check.ok} == {"longreel reindex"}
    words = wrong.pop(f"words of Film ({one[:12]})")
    assert f"{TEXTS} segments, {TEXTS - 1} missing ({one}-speech-1" in words and "1 outdated" in words
    [seen] = [name for name in wrong if name.startswith("picture vectors (")]
    assert other[:12] in seen and f"{other}-visual-0" in wrong.pop(seen)
    assert set(wrong.values()) == {"2 missing or cut off"}
    stores.reindexer.run()
    checks = examine_library(stores.reindexer, cast(Any, NoThumbnails()))
    assert all(check.ok for check in checks if "segments" in check.detail)


def test_the_doctor_names_a_damaged_store(stores: Stores, tmp_path: Path) -> None:
    stores.close()
    scribbled(tmp_path / "lexical.sqlite")
    stores.open()
    [check] = examine_library(stores.reindexer, cast(Any, NoThumbnails()))
    assert not check.ok and "damaged" in check.detail and check.command == "longreel reindex"


def test_the_graph_of_the_vectors_may_be_lost_too(stores: Stores, tmp_path: Path) -> None:
    stores.close()
    for folder in (tmp_path / "chroma").iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    stores.open()
    stores.reindexer.run()
    assert stores.found() == (TEXTS, TEXTS, 1)


@pytest.mark.parametrize("store", ["lexical.sqlite", "chroma"])
def test_an_older_copy_is_brought_up_to_date(stores: Stores, tmp_path: Path, store: str) -> None:
    """As after a power cut that one store survived with less than the others."""
    stores.close()
    place, copy = tmp_path / store, tmp_path / "copy"
    (shutil.copytree if place.is_dir() else shutil.copy)(place, copy)
    stores.open()
    first = stores.videos[0].id
    changed = [Segment(f"{first}-speech-0", first, SegmentKind.SPEECH, TimeSpan(0, 1), "bridge of marzipan", "m")]
    stores.library.add_segments([*changed, Segment("new", first, SegmentKind.CAPTION, TimeSpan(0, 1), "bridge", "m")])
    stores.reindexer.repair(first)
    stores.close()
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    copy.rename(place)
    stores.open()
    assert [video.id for video in stores.reindexer.differing()] == [first]
    stores.reindexer.run()
    assert stores.found() == (TEXTS + 1, TEXTS + 1, 1)
    assert [hit.text for hit, _ in stores.lexical.search("marzipan", limit=5)] == ["bridge of marzipan"]


def test_what_the_library_does_not_know_is_found_no_more(stores: Stores) -> None:
    first = stores.videos[0].id
    stores.retriever.add([Segment("orphan", first, SegmentKind.SPEECH, TimeSpan(0, 1), "bridge", "m")])
    stores.reindexer.run()
    assert stores.found() == (TEXTS, TEXTS, 1)


@pytest.mark.parametrize("lost", ["", "lexical.sqlite"])
def test_a_video_that_an_older_library_does_not_know_is_found_no_more(
    stores: Stores, tmp_path: Path, lost: str
) -> None:
    first, other = stores.videos
    stores.library.bin_video(other.id)
    stores.library.delete_video(first.id)  # as if a backup without it had been restored
    stores.close()
    if lost:
        (tmp_path / lost).unlink()
    stores.open()
    names = [check.name for check in examine_library(stores.reindexer, cast(Any, NoThumbnails())) if not check.ok]
    assert f"index of {first.id[:12]}" in names
    stores.reindexer.look()
    assert [job.kind for job in stores.jobs.list()] == [KIND]
    stores.reindexer.run()
    assert stores.found() == (0, 0, 0)
    stores.library.restore_video(other.id)
    stores.reindexer.run()
    assert stores.retriever.videos() == {other.id}


@pytest.mark.parametrize("frames", [[], [FrameFeatures(2.0, CONCEPT, CONCEPT, ())]])
def test_pictures_that_cannot_be_indexed_again_stay_and_are_no_difference(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, frames: list[FrameFeatures]
) -> None:
    def features(_: Video) -> list[FrameFeatures]:
        if not frames:
            raise NotFound("The pictures of this video were ingested with other settings.", "Ingest it again.")
        return frames

    first, other = (video.id for video in stores.videos)
    monkeypatch.setattr(stores.reindexer, "_features", features)
    stores.lexical.remove(first)
    stores.dense.remove(other, [SegmentKind.VISUAL])
    events: list[Event] = []
    assert stores.reindexer.run(report=events.append)["videos"] == 1
    assert stores.found() == (TEXTS, TEXTS, 1)
    [warning] = [event.message for event in events if isinstance(event, Warned)]
    assert warning.startswith("The pictures of Film were not indexed again: ")
    assert stores.reindexer.differing() == []


def test_nothing_is_queued_for_an_index_that_fits_or_a_video_that_is_being_read(stores: Stores) -> None:
    stores.reindexer.look()
    assert stores.jobs.list() == []
    first = stores.videos[0]
    stores.lexical.remove(first.id)
    stores.jobs.submit("ingest", {"path": first.path})
    assert stores.jobs.claim("w", ["ingest"]) is not None
    assert stores.reindexer.differing() == []


def test_reading_a_video_again_repairs_its_index(stores: Stores) -> None:
    stores.lexical.remove(stores.videos[0].id)
    handle = stores.reindexer.after(lambda *_: {"video_id": stores.videos[0].id})
    stores.jobs.submit("ingest", {})
    Worker(stores.jobs, {"ingest": handle}).run_one()
    assert stores.found() == (TEXTS, TEXTS, 1)
