"""Names from reading a video to the command line and an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from tests.integration.offline_fakes import environment

SAID = {
    "night": ["Good evening, here is Tom Hale.", "The dome opens at nine.", "Ann Lee wrote the log."],
    "race": ["The race began at noon.", "The winner was Tom Hale."],
}


@pytest.fixture
def terminal(tmp_path: Path) -> CliRunner:
    runner = CliRunner(env=environment(tmp_path))
    for title, sentences in SAID.items():
        cues = [f"{n}\n00:00:{10 * n:02},000 --> 00:00:{10 * n + 4:02},000\n{s}\n" for n, s in enumerate(sentences)]
        (tmp_path / f"{title}.srt").write_text("\n".join(cues), encoding="utf-8")
        shown(runner, "import", str(tmp_path / f"{title}.srt"))
    return runner


def shown(runner: CliRunner, *words: str) -> str:
    done = runner.invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_names_are_listed_for_the_library_a_video_and_by_a_part_of_the_name(terminal: CliRunner) -> None:
    listed = json.loads(shown(terminal, "entities", "--json"))
    assert [(one["name"], one["mentions"], len(one["video_ids"])) for one in listed] == [
        ("Tom Hale", 2, 2),
        ("Ann Lee", 1, 1),
    ]
    assert [one["name"] for one in json.loads(shown(terminal, "entities", "--video", "race", "--json"))] == ["Tom Hale"]
    table = shown(terminal, "entities", "hale")
    assert "The winner was Tom Hale." in table and "0:10" in table and "night" in table
    assert json.loads(shown(terminal, "entities", "Ann", "--json"))["moments"][0]["start_s"] == 20.0
    assert "no names" in shown(terminal, "entities", "--kind", "thing")
