"""Whatever is given to `longreel ingest`: one clear error or a correct result, never a traceback, never a hang."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.terminal import Terminal
from tests.media_files import steady, truncated, write_media
from tests.narrated_file import write_narrated


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    return Terminal(tmp_path_factory.mktemp("library"))


def _refused(folder: Path) -> list[Path]:
    """Nothing of this is a video: an empty file, a text, a name that is not there, a folder, the root."""
    empty, text = folder / "empty.mp4", folder / "notes.mp4"
    empty.touch()
    text.write_text("dear diary " * 500, encoding="utf-8")
    return [empty, text, folder / "a [red]name[/] with\nnewline.mp4", folder, Path("/")]


def test_what_is_no_video_is_refused_in_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    terminal, refused = Terminal(tmp_path / "library"), _refused(tmp_path)
    done = terminal.run("ingest", *map(str, refused), "--json")
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert [problem["path"] for problem in told["failed"]] == [str(path) for path in refused]
    for problem in told["failed"]:
        assert problem["code"] == "bad_input" and problem["detail"] and problem["hint"]
    assert told["videos"] == []
    assert "The library is empty" in terminal.run("list").stdout


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


def test_a_word_in_place_of_a_languages_code_is_refused_and_not_remembered(terminal: Terminal, tmp_path: Path) -> None:
    video = write_narrated(tmp_path / "lecture.mp4", seconds=6)
    refused = terminal.run("ingest", str(video), "--language", "German")
    assert refused.returncode == 3 and "such as en or en,de, or give auto" in " ".join(refused.stderr.split())
    assert terminal.run("ingest", str(video)).returncode == 0


def test_a_file_in_place_of_the_librarys_folder_is_told(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    refused = terminal.run("list")
    assert refused.returncode not in (0, 1) and "Set LONGREEL_DATA" in " ".join(refused.stderr.split())


EDGE = {
    "blank_tiny.mp4": 0,
    "browser_vfr_silent.webm": 0,
    "git_lfs_pointer.mp4": 3,
    "header_says_70s_data_ends_14s.webm": 0,
    "hls_segment_pts_starts_60s.ts": 0,
    "no_duration_truncated.webm": 0,
}


def test_each_strange_file_of_the_real_world_is_read_and_asked_about_or_refused(
    shared_videos: Path, tmp_path: Path
) -> None:
    terminal = Terminal(tmp_path)
    done = terminal.run("ingest", *(str(shared_videos / "edge" / name) for name in EDGE), "--json")
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert [Path(problem["path"]).name for problem in told["failed"]] == [name for name in EDGE if EDGE[name] == 3]
    assert [video["title"] for video in told["videos"]] == [Path(name).stem for name in EDGE if EDGE[name] == 0]
    assert all(video["ready"] for video in told["videos"])
    questions = tmp_path / "questions.jsonl"
    lines = [{"video": video["id"], "question": "What does the speaker promise?"} for video in told["videos"]]
    questions.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    asked = terminal.run("ask", "--questions", str(questions), "--json")
    answers = [json.loads(line) for line in asked.stdout.splitlines()]
    assert asked.returncode == 0 and len(answers) == len(lines)
    assert not [answer for answer in answers if "error" in answer]
