"""Collections, the bin, watched folders and schedules from the command line."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.commands import schedules as commands
from app.core.errors import LongreelError
from app.db.database import Database, sqlite_url
from app.db.jobs import SqlJobStore
from app.services import watching
from tests.integration.offline_fakes import environment
from tests.narrated_file import write_narrated


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Terminal:
    """Runs `longreel` in a library of its own, without a process for each command."""

    def __init__(self, folder: Path) -> None:
        self._runner = CliRunner(env=environment(folder))

    def run(self, *words: str) -> Ended:
        done = self._runner.invoke(app, list(words))
        if isinstance(done.exception, LongreelError):
            return Ended(done.exception.exit_code, done.stdout, str(done.exception))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Ended(done.exit_code, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_narrated(tmp_path_factory.mktemp("talks") / "talk.mp4", seconds=8)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory, talk: Path) -> Terminal:
    """A library in which the talk was read into a collection."""
    terminal = Terminal(tmp_path_factory.mktemp("library"))
    done = terminal.run("ingest", str(talk), "--collection", "Talks", "--json")
    assert json.loads(done.stdout)["videos"][0]["tags"] == ["Talks"]
    return terminal


def titles(terminal: Terminal, *words: str) -> list[str]:
    return [video["title"] for video in json.loads(terminal.run("list", "--json", *words).stdout)]


def test_a_collection_is_kept_and_asked(terminal: Terminal) -> None:
    assert terminal.run("collection", "create", "Empty").returncode == 0
    assert terminal.run("collection", "create", "EMPTY").returncode == 3
    assert terminal.run("collection", "add", "empty", "talk").stdout.strip() == "Empty: 1 video"
    listed = json.loads(terminal.run("collection", "list", "--json").stdout)
    assert [(one["name"], one["size"]) for one in listed] == [("Empty", 1), ("Talks", 1)]
    assert titles(terminal, "--collection", "talks") == ["talk"]
    words = ("ask", "--collection", "talks", "What colour is the barn?", "--json", "--max-steps")
    answer = terminal.run(*words, "1")
    assert answer.returncode == 0 and json.loads(answer.stdout)["usage"]["steps"] == 1
    assert terminal.run(*words, "65").returncode == 2
    assert terminal.run("collection", "remove", "Empty", "talk").returncode == 0
    assert terminal.run("ask", "--collection", "Empty", "What is said?").returncode == 4
    assert terminal.run("collection", "rename", "Empty", "Other").returncode == 0
    assert terminal.run("collection", "delete", "other").returncode == 0
    assert terminal.run("collection", "delete", "other").returncode == 4


def test_jobs_that_ended_are_dismissed(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    assert "no background jobs" in terminal.run("jobs", "list").stdout
    store = SqlJobStore(Database(sqlite_url(tmp_path / "data" / "longreel.sqlite")))
    store.submit("summary", {"title": "Waits"})
    ended = [store.cancel(store.submit("summary", {"title": title}).id).id for title in ("One", "Two", "Three")]
    assert terminal.run("jobs", "dismiss").returncode == terminal.run("jobs", "dismiss", "x", "--ended").returncode == 2
    assert terminal.run("jobs", "dismiss", "none").returncode == 4
    assert terminal.run("jobs", "dismiss", "").returncode == 3
    done = terminal.run("jobs", "dismiss", ended[0][:12])
    assert done.returncode == 0 and done.stderr.strip() == "Dismissed 1 job; their results stay."
    listed = json.loads(terminal.run("jobs", "list", "--json").stdout)
    assert [one["title"] for one in listed] == ["Three", "Two", "Waits"]
    assert terminal.run("jobs", "dismiss", listed[2]["id"]).returncode == 3
    assert "Dismissed 2 jobs" in terminal.run("jobs", "dismiss", "--ended").stderr
    shown = terminal.run("jobs", "list").stdout
    assert "Waits" in shown and "Three" not in shown


def test_frames_are_chosen_and_saved(terminal: Terminal, tmp_path: Path) -> None:
    done = terminal.run("frames", "talk", "--count", "3", "--method", "uniform", "--out", str(tmp_path), "--json")
    chosen = json.loads(done.stdout)
    assert chosen["method"] == "uniform" and 1 <= len(chosen["times_s"]) <= 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{t:09.3f}.jpg" for t in chosen["times_s"]]
    assert all(path.read_bytes()[:2] == b"\xff\xd8" for path in tmp_path.iterdir())
    taken = terminal.run("frames", "talk", "--count", "1", "--out", str(next(tmp_path.iterdir())))
    assert taken.returncode == 3 and "cannot be written" in taken.stderr and "Traceback" not in taken.stderr
    stored = terminal.run("frames", "talk", "--method", "keyframes")
    assert stored.returncode == 0 and stored.stdout.count(" s ") >= 1
    assert terminal.run("frames", "talk", "--method", "top-k").returncode == 3
    told = terminal.run("frames", "talk", "--option", "form=fast", "--option", "rank=4", "--json")
    assert json.loads(told.stdout)["method"] == "maxinfo-fast"
    assert terminal.run("frames", "talk", "--option", "rank=0").returncode == 3


def test_a_collection_is_summarized(terminal: Terminal, tmp_path: Path) -> None:
    done = terminal.run(
        "summarize", "--collection", "Talks", "--length", "line", "--out", str(tmp_path), "--format", "md"
    )
    assert done.returncode == 0, done.stderr
    assert {"overview.md"} < {path.name for path in tmp_path.iterdir()}


def test_a_deleted_video_comes_back(terminal: Terminal) -> None:
    done = terminal.run("delete", "talk")
    assert done.returncode == 0 and "longreel restore" in done.stderr
    assert (titles(terminal), titles(terminal, "--deleted")) == ([], ["talk"])
    assert terminal.run("restore", "talk").returncode == 0
    assert (titles(terminal, "--collection", "Talks"), titles(terminal, "--deleted")) == (["talk"], [])


def test_a_folder_is_watched_until_all_is_read(
    terminal: Terminal, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (commands, watching):
        monkeypatch.setattr(module, "SETTLE_S", 0.2)
    folder = tmp_path / "incoming"
    folder.mkdir()
    shutil.copy(talk, folder / "copy.mp4")
    (folder / "broken.mp4").write_text("no film", encoding="utf-8")
    done = terminal.run("watch", str(folder), "--once", "--collection", "Watched")
    assert done.returncode == 0, done.stderr
    assert "broken.mp4" in done.stderr and "error" in done.stderr
    assert titles(terminal, "--collection", "Watched") == ["talk"]
    assert terminal.run("watch", str(tmp_path / "gone"), "--once").returncode == 3


def test_schedules_are_kept_for_the_server(terminal: Terminal, tmp_path: Path) -> None:
    made = terminal.run("schedule", "add", str(tmp_path), "--cron", "30 2 * * *", "--summarize", "--json")
    id = json.loads(made.stdout)["id"]
    assert terminal.run("schedule", "pause", id[:8]).returncode == 0
    listed = terminal.run("schedule", "list", "--json")
    assert [(one["id"], one["paused"]) for one in json.loads(listed.stdout)] == [(id, True)]
    assert terminal.run("schedule", "run", id).returncode == 3
    assert terminal.run("schedule", "resume", str(tmp_path)).returncode == 0
    assert terminal.run("schedule", "run", id).returncode == 0
    assert "30 2 * * *" in terminal.run("schedule", "list").stdout
    assert terminal.run("schedule", "remove", id).returncode == 0
    assert terminal.run("schedule", "remove", id).returncode == 4
    for wrong in (["--every", "soon"], ["--cron", "never"], [], ["--every", "1h", "--cron", "0 0 * * *"]):
        assert terminal.run("schedule", "add", str(tmp_path), *wrong).returncode == 3
