"""`longreel summarize`, `export` and `clip` over real files: killed, started again, with one video that fails."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.integration.terminal import Terminal, fork, run_command
from tests.narrated_file import write_narrated


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    return Terminal(tmp_path_factory.mktemp("batch_library"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("films")
    for number, name in enumerate(("first", "second")):
        write_narrated(place / f"{name}.mp4", seconds=16, seed=number)
    (place / "broken.mp4").write_text("no video at all " * 50, encoding="utf-8")
    return place


def test_a_batch_that_was_killed_is_finished_by_the_next_run_and_a_third_changes_nothing(
    terminal: Terminal, folder: Path, tmp_path: Path
) -> None:
    questions = tmp_path / "questions.txt"
    questions.write_text("What is written on the screen?\n", encoding="utf-8")
    out = tmp_path / "out"
    words = ["summarize", "--folder", str(folder), "--questions", str(questions), "--out", str(out)]
    words += ["--format", "md,json,html", "--length", "page"]
    process = fork(run_command, words, env=terminal.env)
    deadline = time.monotonic() + 240
    while not list(out.glob("first-*.md")) and time.monotonic() < deadline and process.is_alive():
        time.sleep(0.02)
    process.kill()
    process.join()
    before = {path.name: path.read_bytes() for path in out.glob("first-*")}
    assert before
    done = terminal.run(*words)
    assert done.returncode == 3, done.stderr
    assert "broken.mp4" in done.stderr.replace("\n", "")
    names = {path.name for path in out.iterdir()}
    assert {"overview.md", "overview.html", "overview.json"} <= names
    assert not [name for name in names if name.endswith(".part") and ".md" in name]
    assert all((out / name).read_bytes() == content for name, content in before.items())
    overview = (out / "overview.md").read_text("utf-8")
    for stem in ("first", "second"):
        [page] = out.glob(f"{stem}-*.md")
        assert page.name in overview
        assert "## Questions" in page.read_text("utf-8")
    assert "## Not done" in overview
    files = {path.name: path.read_bytes() for path in out.iterdir()}
    third = terminal.run(*words)
    assert third.stderr.count("done re-used") == 2, third.stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == files
    _, _, together = terminal.run("summarize", "first", "second", "--length", "page").stdout.partition("Together\n")
    assert "first 0:" in together and "second 0:" in together


def test_the_cost_is_shown_and_nothing_is_read_in_a_dry_run(terminal: Terminal, tmp_path: Path) -> None:
    film = write_narrated(tmp_path / "other.mp4", seconds=8, seed=5)
    done = terminal.run("summarize", str(film), "--dry-run")
    assert done.returncode == 0
    assert "1 new" in done.stderr
    assert "other" not in terminal.run("list").stdout


def test_json_tells_documents_overview_and_failures(terminal: Terminal, folder: Path) -> None:
    done = terminal.run("summarize", str(folder / "first.mp4"), "/nowhere/gone.mp4", "--json", "--length", "line")
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert [one["video"]["title"] for one in told["videos"]] == ["first"]
    assert told["failed"][0]["code"] == "bad_input"
    for section in told["videos"][0]["summary"]["sections"]:
        assert all(point["citations"] for point in section["points"])


def test_a_language_that_cannot_be_written_ends_with_5(terminal: Terminal, folder: Path) -> None:
    done = terminal.run("summarize", str(folder / "first.mp4"), "--language", "de")
    assert done.returncode == 5
    assert "LONGREEL_LLM_URL" in done.stderr.replace("\n", "")


@pytest.mark.parametrize(("words", "code"), [(["summarize"], 3), (["export", "nothing"], 4)])
def test_what_cannot_be_done_ends_with_its_code(terminal: Terminal, words: list[str], code: int) -> None:
    assert terminal.run(*words).returncode == code


def test_a_video_is_exported_and_cut(terminal: Terminal, folder: Path, tmp_path: Path) -> None:
    assert terminal.run("ingest", str(folder / "first.mp4")).returncode == 0
    target = tmp_path / "first.edl"
    assert terminal.run("export", "first", "--format", "edl", "--out", str(target)).stdout.strip() == str(target)
    assert "NON-DROP" in target.read_text("utf-8")
    cut = tmp_path / "cut.mp4"
    done = terminal.run("clip", "first", "--start", "0:05", "--end", "9.5", "--out", str(cut), "--json")
    told = json.loads(done.stdout)
    assert cut.stat().st_size > 0
    assert told["start_s"] <= 5.0 < told["end_s"]
    assert terminal.run("clip", "first", "--start", "9", "--end", "5").returncode == 3
