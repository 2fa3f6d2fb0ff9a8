"""Whatever is given to `longreel ingest`: one clear error or a correct result, never a traceback, never a hang."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.test_cli import Terminal
from tests.media_files import steady, truncated, write_media
from tests.narrated_file import write_narrated


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    return Terminal(tmp_path_factory.mktemp("library"))


def _empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def _text(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("dear diary " * 500, encoding="utf-8")
    return path


def _unreadable_name(folder: Path) -> Path:
    return folder / "a [red]name[/] with\nnewline.mp4"


REFUSED: list[Callable[[Path], Path]] = [_empty, _text, _unreadable_name, lambda folder: folder, lambda _: Path("/")]


@pytest.mark.parametrize("make", REFUSED, ids=["empty", "text", "missing", "directory", "root"])
def test_what_is_no_video_is_refused_in_one_sentence(
    terminal: Terminal, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    done = terminal.run("ingest", str(make(tmp_path)), "--json")
    assert done.returncode == 3
    failed = json.loads(done.stdout)["failed"]
    assert failed[0]["code"] == "bad_input"
    assert failed[0]["detail"]
    assert failed[0]["hint"]


def test_nothing_refused_is_left_in_the_library(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("ingest", str(_text(tmp_path)))
    assert "notes" not in terminal.run("list").stdout


def test_a_truncated_file_is_read_as_far_as_it_goes(terminal: Terminal, tmp_path: Path) -> None:
    whole = write_media(tmp_path / "whole.mkv", times_s=steady(20), tones_hz=[300], sound_s=20.0)
    done = terminal.run("ingest", str(truncated(whole, 0.6)), "--json")
    assert done.returncode == 0
    video = json.loads(done.stdout)["videos"][0]
    assert 5 < video["duration_s"] < 20


def test_a_podcast_without_pictures_is_read(terminal: Terminal, tmp_path: Path) -> None:
    podcast = write_media(tmp_path / "podcast.mp4", tones_hz=[300], sound_s=15.0)
    done = terminal.run("ingest", str(podcast), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["videos"][0]["width"] is None


def test_bad_subtitles_are_refused_with_their_line(terminal: Terminal, tmp_path: Path) -> None:
    video = write_narrated(tmp_path / "talk.mp4", seconds=6)
    subtitles = tmp_path / "talk.srt"
    subtitles.write_text("1\n00:00:05,000 -> oops\nHello\n", encoding="utf-8")
    assert terminal.run("ingest", str(video), "--subtitles", str(subtitles)).returncode == 3


EDGE = {
    "blank_tiny.mp4": 0,
    "browser_vfr_silent.webm": 0,
    "git_lfs_pointer.mp4": 3,
    "header_says_70s_data_ends_14s.webm": 0,
    "hls_segment_pts_starts_60s.ts": 0,
    "no_duration_truncated.webm": 0,
}


@pytest.mark.parametrize("name", EDGE)
def test_each_strange_file_of_the_real_world(terminal: Terminal, shared_videos: Path, name: str) -> None:
    done = terminal.run("ingest", str(shared_videos / "edge" / name), "--json")
    assert done.returncode == EDGE[name], done.stderr
    out = json.loads(done.stdout)
    if EDGE[name] == 0:
        assert out["videos"][0]["ready"]
        assert terminal.run("ask", out["videos"][0]["id"], "What does the speaker promise?").returncode == 0
