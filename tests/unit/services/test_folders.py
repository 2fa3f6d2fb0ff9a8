"""Which files of a folder are videos that somebody wants read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.services.folders import RECENT_S, WAIT_S, media_files, split_growing
from app.services.watching import look_into


def put(path: Path, data: bytes = b"film") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder.resolve()).as_posix() for path in media_files(folder)]


@pytest.mark.parametrize(
    "junk",
    [
        ".Trash-1000/files/deleted.mp4",
        ".stversions/talk~20261101.mp4",
        ".git/talk.mp4",
        "below/.hidden/talk.mp4",
        "@eaDir/talk.mp4/preview.mp4",
        "below/#recycle/talk.mp4",
        "$RECYCLE.BIN/S-1-5-21/talk.mp4",
        "$Recycle.Bin/talk.mp4",
        "System Volume Information/talk.mp4",
        "__MACOSX/talk.mp4",
        "~snapshot/hourly.0/talk.mp4",
        "RECYCLED/talk.mp4",
        "trashbox/talk.mp4",
        "talk.mp4.download/talk.mp4",
        "._talk.mp4",
    ],
)
def test_bins_previews_old_versions_and_hidden_files_are_left_out(tmp_path: Path, junk: str) -> None:
    put(tmp_path / junk)
    put(tmp_path / "below" / "kept.mp4")
    assert names(tmp_path) == ["below/kept.mp4"]
    assert look_into(tmp_path, {}, (), 0.0).waiting == 1


def test_a_folder_that_is_hidden_itself_is_read_when_it_is_named(tmp_path: Path) -> None:
    put(tmp_path / ".videos" / "a.mp4")
    assert names(tmp_path / ".videos") == ["a.mp4"]


def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "private" / "diary.mp4")
    inside = put(tmp_path / "videos" / "a.mp4")
    (tmp_path / "videos" / "link.mp4").symlink_to(tmp_path / "private" / "diary.mp4")
    (tmp_path / "videos" / "folder").symlink_to(tmp_path / "private")
    (tmp_path / "videos" / "circle").symlink_to(tmp_path / "videos")
    (tmp_path / "videos" / "gone.mp4").symlink_to(tmp_path / "nothing.mp4")
    (tmp_path / "videos" / "twin.mp4").symlink_to(inside)
    (tmp_path / "videos" / "deleted.mp4").symlink_to(put(tmp_path / "videos" / "#recycle" / "b.mp4"))
    assert names(tmp_path / "videos") == ["a.mp4", "twin.mp4"]


@pytest.mark.parametrize("ending", [".part", ".crdownload", ".aria2"])
def test_a_download_is_left_alone_until_it_is_finished(tmp_path: Path, ending: str) -> None:
    put(tmp_path / "talk.mp4", b"")
    mark = put(tmp_path / f"talk.mp4{ending}")
    assert names(tmp_path) == []
    mark.unlink()
    assert names(tmp_path) == ["talk.mp4"]


def test_a_file_that_grows_is_waited_for_and_one_that_does_not_end_is_left_out(tmp_path: Path) -> None:
    old, short, long = (put(tmp_path / name) for name in ("old.mp4", "short.mp4", "long.mp4"))
    now = [1_700_000_000.0]
    os.utime(old, (now[0] - RECENT_S - 1, now[0] - RECENT_S - 1))
    for path in (short, long):
        os.utime(path, (now[0], now[0]))
    slept = []

    def sleep(seconds: float) -> None:
        now[0] += seconds
        slept.append(seconds)
        with long.open("ab") as file:
            file.write(b"more")
        if len(slept) < 3:
            with short.open("ab") as file:
                file.write(b"more")

    whole, growing = split_growing([old, short, long], clock=lambda: now[0], sleep=sleep)
    assert (whole, growing) == ([old, short], [long])
    assert sum(slept) == pytest.approx(WAIT_S, abs=2)


def test_files_that_rest_are_not_waited_for(tmp_path: Path) -> None:
    path = put(tmp_path / "a.mp4")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    assert split_growing([path], sleep=lambda _: pytest.fail("waited")) == ([path], [])
