"""An answer that was killed in the middle goes on where it was."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from agents.agent import VideoAgent
from agents.checkpoints import STORED, Checkpoints
from agents.evidence import Passage
from agents.plans import Plan
from agents.recording import frozen
from agents.state import Observation
from app.core.errors import BadInput, Cancelled, WorkerFailed
from app.core.events import Answered, Event, Understood
from app.core.types import SegmentKind, TimeSpan, ToolCall, Turn, VideoId
from gpu_workers.language.fakes import FakeChat
from tests.postgres import KINDS
from tests.unit.agents.dying import QUESTION, RUN, SEARCH
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import SMALL, Desk, agent_chat, answer_of, answers


class Counted(Desk):
    """A desk that counts its searches."""

    def __init__(self, *, searched: bool = False) -> None:
        """`searched`: the model goes on after a search that an earlier process has stored."""
        ending = answers(("2.4 million euros.", ["E1", "E2", "E3"]))
        super().__init__(MEETING, SLIDES, chat=agent_chat([ending] if searched else [SEARCH, ending]))
        self.searches: list[str] = []
        search = self.retriever.search

        def counted(text: str, **rest: object) -> object:
            self.searches.append(text)
            return search(text, **rest)  # type: ignore[arg-type]

        self.retriever.search = counted  # type: ignore[method-assign, assignment]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Checkpoints]:
    opened = Checkpoints(tmp_path / "runs.sqlite")
    yield opened
    opened.close()


def killed(file: Path, node: str) -> list[str]:
    """The events that a process told before it was killed in a node."""
    command = [sys.executable, "-m", "tests.unit.agents.dying", str(file), node]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stdout.split()


def ask(desk: Desk, store: Checkpoints, question: str = QUESTION, run: str = RUN) -> list[Event]:
    return list(VideoAgent(desk.parts, checkpoints=store).ask(question, [desk.video], run_id=run))


def stored(file: Path) -> int:
    connection = sqlite3.connect(file)
    count = sum(connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("checkpoints", "writes"))
    connection.close()
    return int(count)


@pytest.mark.parametrize(("node", "searches"), [("think", 0), ("use", 1)])
def test_an_answer_that_was_killed_goes_on_at_its_last_node(tmp_path: Path, node: str, searches: int) -> None:
    reported = killed(tmp_path / "runs.sqlite", node)
    assert reported[0] == "planned" and ("called" in reported) == (node == "think")
    store, desk, whole = Checkpoints(tmp_path / "runs.sqlite"), Counted(searched=True), Counted()
    events, fresh = ask(desk, store), whole.events(QUESTION)
    assert [event.type for event in events] == [event.type for event in fresh]
    assert len(desk.searches) == searches and len(whole.searches) == 1
    assert (answer_of(events).text, answer_of(events).citations) == (answer_of(fresh).text, answer_of(fresh).citations)
    assert answer_of(events).usage.steps == answer_of(fresh).usage.steps == 1
    store.close()


def test_a_run_that_ended_before_its_answer_was_stored_tells_it_again_without_work(store: Checkpoints) -> None:
    first = ask(Counted(), store)
    again = Counted()
    assert ask(again, store) == first
    assert again.searches == []


def test_a_run_that_is_forgotten_leaves_nothing_and_starts_anew(store: Checkpoints, tmp_path: Path) -> None:
    desk = Counted()
    ask(desk, store)
    assert stored(tmp_path / "runs.sqlite") > 0
    VideoAgent(desk.parts, checkpoints=store).forget(RUN)
    assert stored(tmp_path / "runs.sqlite") == 0
    again = Counted()
    ask(again, store)
    assert again.searches


def test_a_run_answers_one_question_only(store: Checkpoints) -> None:
    ask(Counted(), store)
    with pytest.raises(BadInput, match="another question"):
        ask(Counted(), store, "Who pays for the bridge?")


def test_a_run_answers_about_its_videos_only(store: Checkpoints) -> None:
    desk = Counted()
    ask(desk, store)
    with pytest.raises(BadInput, match="another question"):
        VideoAgent(desk.parts, checkpoints=store).ask(QUESTION, [desk.add("w", MEETING)], run_id=RUN).__next__()


def test_a_follow_up_that_was_killed_after_it_was_understood_goes_on(store: Checkpoints) -> None:
    before = [Turn("How much does it cost?", QUESTION, Counted().ask(QUESTION))]
    whole = json.dumps({"question": "Who pays for the bicycle bridge?"})
    chat = FakeChat([whole], rule=lambda _: (_ for _ in ()).throw(KeyboardInterrupt), capabilities=SMALL)
    killed, desk = Desk(MEETING, chat=chat), Desk(MEETING, chat=FakeChat(capabilities=SMALL))
    with pytest.raises(KeyboardInterrupt):
        list(VideoAgent(killed.parts, checkpoints=store).ask("And who pays?", [desk.video], turns=before, run_id=RUN))
    asked = VideoAgent(desk.parts, checkpoints=store).ask("And who pays?", [desk.video], turns=before, run_id=RUN)
    assert Understood("And who pays?", "Who pays for the bicycle bridge?", "model") in [*asked]


def test_a_run_is_at_work_once(store: Checkpoints) -> None:
    desk = Counted()
    first = VideoAgent(desk.parts, checkpoints=store).ask(QUESTION, [desk.video], run_id=RUN)
    next(first)
    with pytest.raises(BadInput, match="already being answered"):
        ask(desk, store)
    assert isinstance([*first][-1], Answered)


def test_a_question_without_a_run_stores_nothing(store: Checkpoints, tmp_path: Path) -> None:
    desk = Counted()
    list(VideoAgent(desk.parts, checkpoints=store).ask(QUESTION, [desk.video]))
    assert not (tmp_path / "runs.sqlite").exists()


def test_what_was_spent_before_counts(store: Checkpoints) -> None:
    desk = Counted()
    stop: list[bool] = []
    asked = VideoAgent(desk.parts, checkpoints=store).ask(
        QUESTION, [desk.video], run_id=RUN, cancelled=lambda: bool(stop)
    )
    with pytest.raises(Cancelled):
        for event in asked:
            if event.type == "called":
                stop.append(True)
    assert answer_of(ask(desk, store)).usage.steps == 1


@pytest.mark.parametrize("kind", KINDS[1:])
def test_runs_are_stored_in_postgresql_too(request: pytest.FixtureRequest, kind: str) -> None:
    pytest.importorskip("langgraph.checkpoint.postgres")
    store = Checkpoints(str(request.getfixturevalue(f"empty_{kind}_url")))
    first = ask(Counted(), store)
    again = Counted()
    assert ask(again, store) == first and again.searches == []
    VideoAgent(again.parts, checkpoints=store).forget(RUN)
    ask(again, store)
    assert len(again.searches) == 1
    store.close()


@pytest.mark.parametrize("kind", KINDS[1:])
def test_what_was_asked_is_in_no_file_of_postgresql_once_it_is_forgotten(
    request: pytest.FixtureRequest, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    psycopg = pytest.importorskip("psycopg")
    url, word = str(request.getfixturevalue(f"empty_{kind}_url")), "quokkasphinx"
    data = Path(url.partition("host=")[2]) / "data" / "base"
    store = Checkpoints(url)

    def files() -> list[str]:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        return [path.name for path in data.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]

    ask(Counted(), store, f"Who is the {word}?")
    assert files()
    monkeypatch.setattr("agents.checkpoints._TABLE_WAIT_S", 1)
    with psycopg.connect(url) as other, pytest.raises(WorkerFailed, match="lock timeout"):
        other.execute("SELECT count(*) FROM checkpoints")
        store.forget_all()
    store.forget_all()
    assert files() == []
    store.close()


def test_lists_of_a_file_become_tuples_again_at_every_depth() -> None:
    passage = Passage(VideoId("v"), SegmentKind.SPEECH, TimeSpan(0, 1), "x")
    call = ToolCall("c", "read", "{}")
    loose = {"log": [Observation(call, ["a", passage])], "plan": Plan("q", ["a"])}  # type: ignore[arg-type]
    assert frozen(loose) == {"log": (Observation(call, ("a", passage)),), "plan": Plan("q", ("a",))}


def test_every_type_of_a_stored_state_can_be_built_again(store: Checkpoints, caplog: pytest.LogCaptureFixture) -> None:
    ask(Counted(), store)
    ask(Counted(), store)
    assert not [record for record in caplog.records if "checkpoint" in record.getMessage()]
    assert len(set(STORED)) == len(STORED)


def types_in(hint: Any) -> Iterator[type]:
    """The dataclasses and enumerations of an annotation."""
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, Enum)):
        yield hint
    for part in get_args(hint):
        yield from types_in(part)


def test_every_type_inside_a_stored_type_comes_back_from_the_store_as_itself() -> None:
    inside = {kind for stored in STORED if is_dataclass(stored) for kind in get_type_hints(stored).values()}
    missing = {one.__name__ for hint in inside for one in types_in(hint)} - {one.__name__ for one in STORED}
    assert not missing
