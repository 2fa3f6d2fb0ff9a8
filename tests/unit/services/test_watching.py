"""Which files of a folder are new and whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.core.errors import BadInput
from app.db.schedules import FileState
from app.services.watching import SETTLE_S, look_into

NOW = 1_700_000_000.0


class Eye:
    """Looks into a folder again and again and remembers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.looks: dict[str, FileState] = {}
        self.deleted: set[tuple[str, int]] = set()

    def look(self, now: float) -> tuple[list[str], int]:
        seen = look_into(self.folder, self.looks, self.deleted, now)
        self.looks |= seen.looks
        return [path.name for path in seen.new], seen.waiting


@pytest.fixture
def eye(tmp_path: Path) -> Eye:
    return Eye(tmp_path)


def write(folder: Path, name: str, data: bytes = b"film", mtime: int = 1_600_000_000) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (mtime, mtime))
    return path


def test_a_file_is_taken_once_when_it_looked_the_same_twice(eye: Eye, tmp_path: Path) -> None:
    write(tmp_path, "b.mp4")
    write(tmp_path, "below/a.WEBM")
    assert eye.look(NOW) == ([], 2)
    assert eye.look(NOW + SETTLE_S - 1) == ([], 2)
    assert eye.look(NOW + SETTLE_S) == (["b.mp4", "a.WEBM"], 0)
    assert eye.look(NOW + 1000) == ([], 0)


@pytest.mark.parametrize(("data", "mtime"), [(b"film film", 1_600_000_000), (b"more", 1_600_000_001)])
def test_a_file_that_is_still_written_is_left_until_it_rests(eye: Eye, tmp_path: Path, data: bytes, mtime: int) -> None:
    write(tmp_path, "a.mp4")
    eye.look(NOW)
    write(tmp_path, "a.mp4", data, mtime)
    assert eye.look(NOW + SETTLE_S) == ([], 1)
    assert eye.look(NOW + 2 * SETTLE_S) == (["a.mp4"], 0)


def test_a_file_that_changes_later_is_new_again(eye: Eye, tmp_path: Path) -> None:
    write(tmp_path, "a.mp4")
    eye.look(NOW)
    eye.look(NOW + SETTLE_S)
    write(tmp_path, "a.mp4", b"another film")
    assert eye.look(NOW + 100) == ([], 1)
    assert eye.look(NOW + 100 + SETTLE_S) == (["a.mp4"], 0)


def test_what_is_no_video_is_not_seen(eye: Eye, tmp_path: Path) -> None:
    for name in ("notes.txt", ".a.mp4.Xy12", ".hidden.mp4", "a.mp4.part"):
        write(tmp_path, name)
    write(tmp_path, "empty.mp4", b"")
    (tmp_path / "folder.mp4").mkdir()
    assert eye.look(NOW) == ([], 0)


def test_a_deleted_video_stays_deleted_until_its_file_changes(eye: Eye, tmp_path: Path) -> None:
    path = write(tmp_path, "a.mp4")
    eye.deleted = {(str(path), 4)}
    eye.look(NOW)
    assert eye.look(NOW + SETTLE_S) == ([], 0)
    write(tmp_path, "a.mp4", b"another film")
    eye.look(NOW + 100)
    assert eye.look(NOW + 200) == (["a.mp4"], 0)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path / "gone", tmp_path / ("x" * 300)):
        with pytest.raises(BadInput, match="no folder"):
            look_into(folder, {}, (), NOW)
