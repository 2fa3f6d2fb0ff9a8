"""Commands beside a running server of the same library: the server works, and the command loads no model."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from app.core.requests import IngestRequest
from app.core.settings import Settings
from app.jobs.states import JobState
from app.services.batch_jobs import WHOLE
from app.services.ownership import owned
from tests.integration.live import serving
from tests.integration.terminal import fork, run_command
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn, wait_until


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A server without models that owns the library in `tmp_path`, which commands use as well."""
    parts = stand_in.make(tmp_path)
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LONGREEL_DATA", str(parts.longreel.settings.data))
    with ExitStack() as running:
        address = running.enter_context(serving(parts))
        running.enter_context(owned(parts.longreel.settings, f"the server at {address}", address))
        yield parts


def longreel(*words: str) -> Result:
    """Runs a command in this process, which must not wire anything."""
    return CliRunner().invoke(app, list(words))


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("a command beside a server wires its own services")


def test_a_question_is_answered_by_the_server(served: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    video = served.add()
    monkeypatch.setattr("app.bootstrap.build", refuse)
    done = longreel("ask", video.id[:8], "What is said?", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["status"] == "answered" and answer["citations"][0]["video_id"] == video.id
    found = longreel("search", "bridge", "--json")
    assert found.exit_code == 0, found.output


def test_files_are_ingested_and_summarized_by_the_server(
    served: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = tmp_path / "evening talk.mp4"
    film.write_bytes(b"a film")
    done = longreel("ingest", str(film), "--collection", "Talks", "--json")
    assert done.exit_code == 0, done.output
    (video,) = json.loads(done.stdout)["videos"]
    assert video["ready"] and served.library.video(video["id"]).tags == ("Talks",)
    assert longreel("ingest", str(tmp_path / "none.mp4"), "--json").exit_code == 3
    monkeypatch.setattr("app.commands.summarizing.open_longreel", lambda: served.longreel)
    done = longreel("summarize", "evening", "--out", str(tmp_path / "notes"), "--format", "md")
    assert done.exit_code == 0, done.output
    assert {path.suffix for path in (tmp_path / "notes").iterdir()} == {".md"}
    assert (tmp_path / "notes" / "overview.md").is_file()


def test_a_command_that_needs_the_index_names_who_holds_it(served: StandIn) -> None:
    done = longreel("reindex")
    assert done.exit_code != 0 and "in use by another process: the server at http://127.0.0.1:" in str(done.exception)


def test_without_a_server_another_command_is_named_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path))
    settings = Settings()
    with owned(settings, "the command longreel ingest"):
        done = longreel("ask", "What is said?")
    assert done.exit_code != 0 and "the command longreel ingest" in str(done.exception)
    assert not (settings.data / "longreel.sqlite").exists()


def test_a_command_that_is_killed_leaves_the_server_and_the_next_command_free(
    served: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, wait = threading.Event(), served.agent._wait
    monkeypatch.setattr(served.agent, "_wait", lambda *given, **named: (begun.set(), wait(*given, **named)))
    video = served.add()
    process = fork(run_command, ["ask", video.id[:8], "What about eternity?"])
    assert begun.wait(60)
    process.kill()
    process.join()
    wait_until(served.agent.stopped.is_set)
    done = longreel("ask", video.id[:8], "What is said?", "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["status"] == "answered"


@pytest.mark.parametrize("command", ["ingest", "summarize"])
@pytest.mark.parametrize(("heartbeat_s", "waits_s"), [(0.5, [30]), (60.0, [1, 30])], ids=["once", "twice in a hurry"])
def test_ctrl_c_cancels_work_at_the_server_while_it_says_nothing(
    served: StandIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    heartbeat_s: float,
    waits_s: list[float],
) -> None:
    for routes in ("jobs", "batches"):
        monkeypatch.setattr(f"app.api.routes.{routes}.HEARTBEAT_S", heartbeat_s)
    served.reader.hold.clear()
    film = tmp_path / "talk.mp4"
    film.write_bytes(b"a film")
    jobs = served.longreel.jobs
    if command == "ingest":
        process = fork(run_command, ["ingest", str(film)])
    else:
        busy = served.longreel.ingest.submit(IngestRequest(film))
        wait_until(lambda: jobs.get(busy.id).done_share is not None)
        process = fork(run_command, ["summarize", served.add().id[:8]])
    kind = "ingest" if command == "ingest" else WHOLE
    wait_until(lambda: any(job.kind == kind for job in jobs.list()))
    (job,) = [one for one in jobs.list() if one.kind == kind]
    if command == "ingest":
        wait_until(lambda: jobs.get(job.id).done_share is not None)
    time.sleep(1.0)  # the last event is read, and nothing more comes
    for wait_s in waits_s:
        os.kill(process.pid, signal.SIGINT)
        process.join(wait_s)
    assert process.exitcode
    wait_until(lambda: jobs.get(job.id).state is JobState.CANCELLED)
