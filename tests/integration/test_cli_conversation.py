"""Conversations on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from app.core.errors import NotFound
from gpu_workers.language.fakes import FakeChat
from tests.integration.offline_fakes import environment
from tests.integration.reading_chat import connect

SAID = [
    "I call the meeting of the council to order.",
    "The first item is the bicycle bridge.",
    "The county pays sixty percent of the bridge.",
    "Construction starts in September.",
]


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    words = [{"start_s": 10.0 * n, "end_s": 10.0 * n + 4, "text": text} for n, text in enumerate(SAID)]
    file = tmp_path / "council.srt"
    cues = [f"{n}\n00:00:{10 * n:02d},000 --> 00:00:{10 * n + 4:02d},000\n{w['text']}\n" for n, w in enumerate(words)]
    file.write_text("\n".join(cues), encoding="utf-8")
    runner = CliRunner()
    done(runner.invoke(app, ["import", str(file)]))
    return runner


@pytest.fixture
def chat(terminal: CliRunner, monkeypatch: pytest.MonkeyPatch) -> FakeChat:
    return connect(monkeypatch, "When does construction start?", "What is the first item?")


def done(result: Result) -> Result:
    assert result.exit_code == 0, result.output
    return result


def test_a_chat_understands_what_points_back_and_ask_goes_on_with_it(terminal: CliRunner, chat: FakeChat) -> None:
    told = done(terminal.invoke(app, ["chat", "council"], input="What does the county pay?\nAnd after that?\n\n"))
    assert "understood as: When does construction start?" in told.output
    assert "Construction starts in September." in told.output
    asked = json.loads(done(terminal.invoke(app, ["ask", "--thread", "last", "And before that?", "--json"])).stdout)
    assert asked["understood"] == "What is the first item?"
    assert asked["text"] == "The first item is the bicycle bridge."
    (first, second) = [request.text for request in chat.requests if "New question:" in request.text]
    assert "Q: What does the county pay?\nA: The county pays sixty percent of the bridge." in first
    assert "A: Construction starts in September.\n\nNew question: And before that?" in second


def test_a_conversation_that_is_not_there_is_told(terminal: CliRunner) -> None:
    asked = terminal.invoke(app, ["ask", "--thread", "last", "What is said?"])
    assert isinstance(asked.exception, NotFound) and "no conversation" in asked.exception.message
