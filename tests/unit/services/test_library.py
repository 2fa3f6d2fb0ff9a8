"""Deleting with undo, and which videos a question is about."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from PIL import Image

from app.core.errors import BadInput, NotFound, StorageFull
from app.core.types import Segment, SegmentKind, TimeSpan, Video, VideoId
from app.db.collections import SqlCollections
from app.db.database import MemoryDatabase
from app.db.jobs import SqlJobStore
from app.db.library import SqlLibrary
from app.db.threads import SqlThreads
from app.services.deletion import Deletion
from app.services.ingest.calls import thumbnail_key
from app.services.library import LibraryService
from gpu_workers.media.fakes import FakeFrames
from gpu_workers.media.store import FolderMediaStore
from retrieval.fakes import MemoryRetriever
from tests.unit.api.stand_in import a_video


class Shelf:
    """A library in memory with its index and its files."""

    def __init__(self, folder: Path, bin_days: float) -> None:
        database = MemoryDatabase()
        self.rows, self.jobs, self.retriever = SqlLibrary(database), SqlJobStore(database), MemoryRetriever()
        self.uploads, self.media = folder / "uploads", FolderMediaStore(folder / "media")
        self.collections, threads = SqlCollections(database), SqlThreads(database)
        deletion = Deletion(self.rows, self.jobs, threads, self.media, lambda: self.retriever, self.uploads)
        self.service = LibraryService(
            self.rows,
            self.collections,
            self.media,
            lambda: self.retriever,
            self.uploads,
            lambda: 10**9,
            lambda: bin_days,
            deletion=deletion,
            frames=FakeFrames,
        )

    def add(self, data: bytes, title: str) -> Video:
        path = self.service.receive(f"{title}.mp4", [data])
        video = self.rows.add_video(a_video(data, title, path))
        self.media.put(f"{video.id}/thumbnail", b"x")
        self.retriever.add([Segment(f"{video.id}-1", video.id, SegmentKind.SPEECH, TimeSpan(0, 1), "tea", "m")])
        return video


def test_a_deleted_video_keeps_all_that_is_known_until_its_days_are_over(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, bin_days=1.0)
    video = shelf.add(b"one", "One")
    shelf.service.delete(video.id)
    assert Path(video.path).exists() and shelf.media.get(f"{video.id}/thumbnail")
    assert shelf.service.restore("One") == video
    assert shelf.retriever.search("tea", limit=1)


@pytest.mark.parametrize(("days", "now"), [(0.0, False), (1e-9, False), (7.0, True)])
def test_nothing_stays_when_the_days_are_over_or_at_once(tmp_path: Path, days: float, now: bool) -> None:
    shelf = Shelf(tmp_path, bin_days=days)
    video = shelf.add(b"one", "One")
    shelf.service.delete(video.id, now=now)
    time.sleep(0.001)
    shelf.service.empty_bin()
    assert shelf.service.binned() == shelf.service.videos() == []
    assert shelf.retriever.search("tea", limit=1) == []
    assert list(shelf.uploads.iterdir()) == []
    with pytest.raises(NotFound):
        shelf.media.get(f"{video.id}/thumbnail")
    with pytest.raises(NotFound):
        shelf.service.restore("One")


def test_a_file_of_the_persons_own_is_never_deleted(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, bin_days=0.0)
    own = tmp_path / "own.mp4"
    own.write_bytes(b"own")
    shelf.rows.add_video(a_video(b"own", "Own", own))
    shelf.service.delete(shelf.service.find("Own").id)
    assert own.exists()


def test_the_scope_is_what_is_named_and_the_collection_each_once(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, bin_days=7.0)
    one, two, three = (shelf.add(name.encode(), name) for name in ("One", "Two", "Three"))
    for video in (one, two):
        shelf.collections.set_tags(video.id, ["Both"])
    shelf.collections.create("Empty")
    assert shelf.service.scope([]) == []
    assert {v.id for v in shelf.service.scope(["Three", "One"], "both")} == {one.id, two.id, three.id}
    shelf.service.delete(one.id)
    assert [v.id for v in shelf.service.scope([], "Both")] == [two.id]
    for name in ("Empty", "Unknown"):
        with pytest.raises(NotFound):
            shelf.service.scope(["Three"], name)


def test_a_whole_id_is_found_without_reading_the_library_and_many_names_read_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, reads = Shelf(tmp_path, bin_days=7.0), []
    one, two = shelf.add(b"one", "One"), shelf.add(b"two", "Two")
    shelf.collections.set_tags(two.id, ["Both"])
    read = shelf.rows.videos
    monkeypatch.setattr(shelf.rows, "videos", lambda: reads.append(1) or read())
    assert shelf.service.find(one.id) == one and reads == []
    assert [video.id for video in shelf.service.scope([one.id, "One", "two"], "Both")] == [one.id, two.id]
    assert len(reads) == 1


def test_similar_titles_are_looked_for_only_where_no_video_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, compared = Shelf(tmp_path, bin_days=7.0), []
    video = shelf.add(b"one", "Hearing in May")
    monkeypatch.setattr("app.services.library.similar_titles", lambda name, _: compared.append(name) or [])
    assert shelf.service.find("in may") == shelf.service.find(video.id[:8]) == video
    with pytest.raises(NotFound):
        shelf.service.find("in June")
    assert compared == ["in June"]


def test_a_title_without_characters_is_refused(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, bin_days=7.0)
    video = shelf.add(b"one", "One")
    with pytest.raises(BadInput):
        shelf.service.rename(video.id, " \n ")
    shelf.service.rename(video.id, " A \n title ")
    assert shelf.service.find("A title").id == video.id


def test_a_file_beside_the_uploads_of_others_takes_none_of_them_along(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, bin_days=0.0)
    other = shelf.add(b"other", "Other")
    beside = shelf.uploads / "own.mp4"
    beside.write_bytes(b"own")
    shelf.rows.add_video(a_video(b"own", "Own", beside))
    shelf.service.delete(shelf.service.find("Own").id)
    assert beside.exists() and Path(other.path).exists()


@pytest.mark.parametrize("letter", ["я", "語", "\U00020000"])
def test_an_upload_with_a_long_name_in_any_script_is_stored_with_its_ending(tmp_path: Path, letter: str) -> None:
    stored = Shelf(tmp_path, bin_days=0.0).service.receive(f"{letter * 240}.mp4", [b"film"])
    assert stored.read_bytes() == b"film" and stored.name.startswith(letter) and stored.name.endswith(f"{letter}.mp4")


def test_a_video_can_be_deleted_for_good_on_a_disk_that_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path, bin_days=7.0)
    video = shelf.add(b"one", "One")
    remove = shelf.retriever.remove

    def remove_where_there_is_room(id: VideoId) -> None:
        if Path(video.path).exists():
            raise StorageFull("The disk is full.")
        remove(id)

    monkeypatch.setattr(shelf.retriever, "remove", remove_where_there_is_room)
    shelf.service.delete(video.id, now=True)
    assert shelf.service.videos() == [] and list(shelf.uploads.iterdir()) == []
    assert shelf.retriever.search("tea", limit=1) == []


def test_a_thumbnail_that_was_lost_is_made_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, bin_days=7.0)
    video = shelf.add(b"one", "One")
    shelf.rows.add_segments([Segment("v", video.id, SegmentKind.VISUAL, TimeSpan(0, 9), "", "m", 4.0)])
    made = shelf.service.thumbnail(video.id, 3.0)
    assert Image.open(io.BytesIO(made)).format == "WEBP"
    assert shelf.media.get(thumbnail_key(video.id, 4.0)) == made


def test_a_unique_part_of_a_title_names_a_video_and_a_typing_error_gets_a_suggestion(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, bin_days=7.0)
    hearing = shelf.add(b"1", "Budget hearing in May")
    shelf.add(b"2", "Budget hearing in June")
    assert shelf.service.find("in may").id == hearing.id
    with pytest.raises(NotFound, match="Several videos match hearing"):
        shelf.service.find("hearing")
    with pytest.raises(NotFound, match="Did you mean Budget hearing in May"):
        shelf.service.find("Budget hering in May")
    with pytest.raises(NotFound, match="No video is called ay"):
        shelf.service.find("ay")
    with pytest.raises(NotFound, match="This video is not in the library, or was deleted"):
        shelf.service.find("f" * 64)


@pytest.mark.parametrize("left", [b"", 100, 0], ids=["empty", "cut off", "zeroed"])
def test_a_thumbnail_that_was_cut_off_is_found_and_made_again(tmp_path: Path, left: bytes | int) -> None:
    shelf = Shelf(tmp_path, bin_days=7.0)
    video = shelf.add(b"one", "One")
    shelf.rows.add_segments([Segment("v", video.id, SegmentKind.VISUAL, TimeSpan(0, 9), "", "m", 4.0)])
    whole = shelf.service.thumbnail(video.id, 3.0)
    assert shelf.service.lost_thumbnails(video.id) == [] and shelf.service.mend_thumbnails(video.id) == 0
    damaged = left if isinstance(left, bytes) else whole[:left] or bytes(len(whole))
    shelf.media.put(thumbnail_key(video.id, 4.0), damaged)
    assert shelf.service.lost_thumbnails(video.id) == [4.0]
    assert shelf.service.mend_thumbnails(video.id) == 1
    assert shelf.service.lost_thumbnails(video.id) == [] and shelf.service.thumbnail(video.id, 3.0) == whole
