"""Asking: what reaches the agent, what is stored of its answer, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from agents.agent import VideoAgent
from agents.checkpoints import Checkpoints
from app.core.errors import BadInput, Cancelled, NotFound
from app.core.events import Answered, Delta, Event, Planned, Warned
from app.core.requests import AskRequest
from app.core.types import MediaInfo, Video, VideoId, VideoStream
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.db.threads import SqlThreads
from app.services.ask import AskService
from app.services.threads import ThreadService
from tests.unit.agents.dying import QUESTION
from tests.unit.agents.test_checkpoints import Counted, stored
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn

MEDIA = MediaInfo("mp4", 60.0, 0.0, 1, VideoStream("h264", 160, 90, 0, 25.0))


@pytest.fixture
def parts(tmp_path: Path) -> StandIn:
    made = stand_in.make(tmp_path)
    made.add()
    return made


def service(parts: StandIn) -> AskService:
    return parts.longreel.ask


def last(events: list[Event]) -> Answered:
    assert isinstance(events[-1], Answered)
    return events[-1]


def test_limits_of_one_answer_reach_the_agent(parts: StandIn) -> None:
    limits = parts.longreel.settings.agent.at_most(1, None)
    list(service(parts).stream(AskRequest("When?"), limits=limits))
    assert parts.agent.limits is limits
    list(service(parts).stream(AskRequest("When?")))
    assert parts.agent.limits is None


def test_where_nothing_is_ready_it_is_told_what_is_missing() -> None:
    database = MemoryDatabase()
    library = SqlLibrary(database)
    empty = AskService(lambda: cast(Any, None), library, ThreadService(SqlThreads(database), library))
    with pytest.raises(NotFound, match="There is no video in the library"):
        next(empty.stream(AskRequest("When?")))
    begun = library.add_video(Video(VideoId("a" * 64), "Talk", "/talk.mp4", MEDIA))
    for asked in ([], [begun]):
        with pytest.raises(NotFound, match="Not fully ingested yet: Talk"):
            next(empty.stream(AskRequest("When?"), asked))


def test_a_video_that_is_not_read_yet_is_left_out_and_named(parts: StandIn) -> None:
    ready = parts.library.videos()
    unread = [parts.library.add_video(Video(VideoId(str(n) * 64), f"Talk {n}", "/t.mp4", MEDIA)) for n in range(5)]
    events = list(service(parts).stream(AskRequest("When did the bridge open?"), [*ready, *unread]))
    assert isinstance(events[0], Warned)
    assert events[0].message.startswith("Not fully ingested yet: Talk 0, Talk 1, Talk 2 and 2 more.")
    assert parts.library.answer(last(events).id).video_ids == (ready[0].id,)


def test_a_thread_keeps_what_was_asked_and_the_answer_the_whole_question(parts: StandIn) -> None:
    ask = service(parts)
    thread = ask.threads.start(parts.library.videos())
    list(ask.stream(AskRequest("When did the bridge open?", thread=thread.id)))
    answered = last(list(ask.stream(AskRequest("And before that?", thread=thread.id))))
    turns = ask.threads.turns(thread)
    assert [turn.question for turn in turns] == ["When did the bridge open?", "And before that?"]
    whole = "And before that? (after: When did the bridge open?)"
    assert turns[1].understood == whole == parts.library.answer(answered.id).question


def test_an_answer_about_the_whole_library_stays_when_a_video_that_it_did_not_use_is_deleted(parts: StandIn) -> None:
    ask, library = service(parts), parts.longreel.library
    parts.add(b"another", "Another")
    cited, other = library.videos()
    thread = ask.threads.start()
    answered = last(list(ask.stream(AskRequest("When did the bridge open?", thread=thread.id))))
    assert library.answer(answered.id).video_ids == (cited.id,)
    for now in (False, True):
        library.restore(other.id) if now else None
        library.delete(other.id, now=now)
        assert library.answer(answered.id).question == "When did the bridge open?"
        assert [turn.answer_id for turn in ask.threads.turns(thread)] == [answered.id]
    library.delete(cited.id)
    assert ask.threads.turns(thread) == []
    with pytest.raises(NotFound):
        library.answer(answered.id)


def test_a_video_that_is_deleted_while_the_question_runs_costs_no_answer(parts: StandIn) -> None:
    parts.add(b"another", "Another")
    cited, other = parts.library.videos()
    steps = service(parts).stream(AskRequest("When did the bridge open?"))
    events = [next(steps)]
    parts.longreel.library.delete(other.id, now=True)
    events += steps
    assert parts.library.answer(last(events).id).video_ids == (cited.id,)


def test_the_trace_is_stored_without_pieces_of_text(parts: StandIn) -> None:
    events = list(service(parts).stream(AskRequest("When did the bridge open?")))
    assert any(isinstance(event, Delta) for event in events)
    stored = parts.library.answer(last(events).id).trace
    assert [step["type"] for step in stored] == ["planned", "searched", "verified"]


def test_a_run_is_forgotten_when_its_answer_was_stored(parts: StandIn) -> None:
    for event in service(parts).stream(AskRequest("When?", run="mine")):
        assert parts.agent.forgotten == (["mine"] if isinstance(event, Answered) else [])


def test_a_run_is_forgotten_when_it_was_cancelled(parts: StandIn) -> None:
    stop: list[bool] = []
    with pytest.raises(Cancelled):
        for event in service(parts).stream(
            AskRequest("What about eternity?", run="mine"), cancelled=lambda: bool(stop)
        ):
            stop.extend([True] * isinstance(event, Planned))
    assert parts.agent.forgotten == ["mine"]


@pytest.mark.parametrize("is_closed", [False, True])
def test_nothing_is_saved_of_a_run_that_was_left_unless_the_server_stops(tmp_path: Path, is_closed: bool) -> None:
    saved = tmp_path / "runs.sqlite"
    for left_after in ("planned", "called", "verified"):
        desk, database = Counted(), MemoryDatabase()
        store = Checkpoints(saved)
        agent = VideoAgent(desk.parts, checkpoints=store)
        asking = AskService(lambda: agent, desk.library, ThreadService(SqlThreads(database), desk.library))  # noqa: B023
        steps = asking.stream(AskRequest(QUESTION, run=left_after), [replace(desk.video, ready=True)])
        while next(steps).type != left_after:
            assert stored(saved) > 0
        if is_closed:
            asking.close()
        steps.close()
        assert (stored(saved) > 0) == is_closed
        store.close()


def test_a_run_is_forgotten_when_a_video_that_its_answer_cites_is_gone(parts: StandIn) -> None:
    steps = service(parts).stream(AskRequest("When?", run="mine"))
    next(steps)
    parts.longreel.library.delete(parts.library.videos()[0].id, now=True)
    with pytest.raises(NotFound):
        list(steps)
    assert parts.agent.forgotten == ["mine"]


def test_a_plan_that_was_changed_decides(parts: StandIn) -> None:
    plan = service(parts).plan("When did the bridge open?")
    events = list(service(parts).stream(AskRequest("When did the bridge open?", plan={**plan, "queries": ["library"]})))
    planned = next(event for event in events if isinstance(event, Planned))
    assert (planned.by, planned.queries) == ("user", ("library",))


def test_a_plan_that_cannot_be_followed_is_refused_before_anything_is_done(parts: StandIn) -> None:
    plan = {**service(parts).plan("When did the bridge open?"), "queries": [" "]}
    with pytest.raises(BadInput, match="query of the plan is empty"):
        next(service(parts).stream(AskRequest("When?", plan=plan), limits=parts.longreel.settings.agent))
    assert parts.agent.limits is None
