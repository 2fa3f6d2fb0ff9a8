"""The command line as a person or a program meets it: output, exit codes, no tracebacks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.terminal import Terminal
from tests.narrated_file import write_narrated


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    return Terminal(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def talk(terminal: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_narrated(tmp_path_factory.mktemp("cli") / "talk.mp4", seconds=20)
    done = terminal.run("ingest", str(path), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["videos"][0]["ready"]
    return path


@pytest.mark.parametrize("words", [["ask"], ["ingest"], ["frobnicate"], ["ask", "--option"]])
def test_wrong_usage_ends_with_2(terminal: Terminal, words: list[str]) -> None:
    assert terminal.run(*words).returncode == 2


def test_a_missing_file_ends_with_3_and_a_sentence(terminal: Terminal) -> None:
    done = terminal.run("ingest", "/nowhere/at all.mp4")
    assert done.returncode == 3
    assert "/nowhere/at all.mp4" in done.stderr


def test_text_renamed_to_mp4_ends_with_3_and_the_others_are_read(
    terminal: Terminal, talk: Path, tmp_path: Path
) -> None:
    fake = tmp_path / "notes.mp4"
    fake.write_text("these are my notes " * 100, encoding="utf-8")
    done = terminal.run("ingest", str(fake), str(talk), "--json")
    assert done.returncode == 3
    out = json.loads(done.stdout)
    assert [v["title"] for v in out["videos"]] == ["talk"]
    assert out["failed"][0]["code"] == "bad_input"


def test_an_unknown_video_ends_with_4(terminal: Terminal, talk: Path) -> None:
    assert terminal.run("ask", "no such video", "What is said?").returncode == 4
    assert terminal.run("show", "ffff0000").returncode == 4


def test_a_misspelt_setting_ends_with_5(terminal: Terminal) -> None:
    env = {**terminal.env, "LONGREEL_PROFIL": "offline"}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "list"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert "LONGREEL_PROFILE" in done.stderr


def test_a_question_gets_one_json_object_with_the_promised_fields(terminal: Terminal, talk: Path) -> None:
    done = terminal.run("ask", str(talk), "What is said at the beginning?", "--json")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert set(answer) >= {"status", "text", "option_index", "confidence", "citations", "trace", "usage"}
    assert answer["status"] in {"answered", "not_in_video", "insufficient"}
    for citation in answer["citations"]:
        assert set(citation) >= {"video_id", "start_s", "end_s", "kind", "quote", "frame_s", "verified"}
        assert 0 <= citation["start_s"] <= citation["end_s"] <= 20.5


def test_a_file_of_questions_gives_one_object_a_line(terminal: Terminal, talk: Path, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    lines = [{"question": "What is written?"}, {"question": "Who?", "video": "no such"}, {"question": "What is said?"}]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    done = terminal.run("ask", "talk", "--questions", str(file), "--json")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 3
    assert answers[1]["error"]["code"] == "not_found"
    file.write_bytes(b'{"question": "What is na\xefve?"}')
    refused = terminal.run("ask", "talk", "--questions", str(file))
    assert refused.returncode == 3 and "not UTF-8" in " ".join(refused.stderr.split())


def test_the_steps_are_streamed(terminal: Terminal, talk: Path) -> None:
    done = terminal.run("ask", "talk", "What is said at the end?", "--stream")
    assert "Answering in a few fixed steps" in done.stderr
    assert "Searched for “What is said at the end?”" in done.stderr


def test_a_video_is_found_by_id_prefix_path_and_title(terminal: Terminal, talk: Path) -> None:
    whole = json.loads(terminal.run("list", "--json").stdout)[0]["id"]
    for name in (whole, whole[:8], str(talk), "talk"):
        assert json.loads(terminal.run("show", name, "--json").stdout)["id"] == whole


def test_the_doctor_tells_what_can_run(terminal: Terminal) -> None:
    done = terminal.run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert checks["python"]["ok"]
    assert checks["profile"]["ok"]


def test_the_question_is_quoted_in_help(terminal: Terminal) -> None:
    assert "QUESTION" in terminal.run("ask", "--help").stdout


def test_a_deleted_video_is_gone(terminal: Terminal, tmp_path: Path) -> None:
    other = write_narrated(tmp_path / "short.mp4", seconds=6, seed=3)
    terminal.run("ingest", str(other))
    assert terminal.run("delete", "short", "--yes").returncode == 0
    assert terminal.run("show", "short").returncode == 4
    assert other.exists()
