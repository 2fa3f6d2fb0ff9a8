from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from agents.agent import VideoAgent
from agents.checkpoints import Checkpoints
from app.core.errors import BadInput, Cancelled, NotFound
from app.core.events import Answered, Event, Planned, Warned
from app.core.types import MediaInfo, Video, VideoId, VideoStream
from app.db.fakes import MemoryLibrary, MemoryThreads
from app.services.ask import AskService
from app.services.threads import ThreadService
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import Desk


@dataclass
class Shop:
    """The use case over a written video, with stored runs."""

    desk: Desk
    service: AskService
    file: Path

    @property
    def stored(self) -> int:
        connection = sqlite3.connect(self.file)
        count = connection.execute("SELECT count(*) FROM checkpoints").fetchone()[0]
        connection.close()
        return int(count)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    desk, runs = Desk(MEETING, SLIDES), Checkpoints(tmp_path / "runs.sqlite")
    agent = VideoAgent(desk.parts, checkpoints=runs)
    threads = ThreadService(MemoryThreads(desk.library), cast(Any, desk.library))
    yield Shop(desk, AskService(lambda: agent, cast(Any, desk.library), threads), tmp_path / "runs.sqlite")
    runs.close()


def last(events: list[Event]) -> Answered:
    assert isinstance(events[-1], Answered)
    return events[-1]


def test_a_question_has_limits_of_its_own(shop: Shop) -> None:
    limits = shop.desk.parts.settings.at_most(1, None)
    asked = "What colour is the barn?"
    for run in ("", "mine"):
        told = last(list(shop.service.stream(asked, run_id=run, limits=limits))).answer
        assert told["usage"]["steps"] == 1
    assert last(list(shop.service.stream(asked))).answer["usage"]["steps"] > 1


def test_where_nothing_is_ready_it_is_told_what_is_missing(tmp_path: Path) -> None:
    library = cast(Any, MemoryLibrary())
    service = AskService(lambda: cast(Any, None), library, ThreadService(MemoryThreads(library), library))
    with pytest.raises(NotFound, match="No video is in the library"):
        next(service.stream("When?"))
    media = MediaInfo("mp4", 60.0, 0.0, 1, VideoStream("h264", 160, 90, 0, 25.0))
    begun = library.add_video(Video(VideoId("a" * 64), "Talk", "/talk.mp4", media))
    for asked in ([], [begun]):
        with pytest.raises(NotFound, match="Not read to the end yet: Talk"):
            next(service.stream("When?", asked))


def test_a_video_that_is_not_read_yet_is_left_out_and_named(shop: Shop) -> None:
    media = MediaInfo("mp4", 60.0, 0.0, 1, VideoStream("h264", 160, 90, 0, 25.0))
    unread = [shop.desk.library.add_video(Video(VideoId(str(n) * 64), f"Talk {n}", "/t.mp4", media)) for n in range(5)]
    events = list(shop.service.stream("What is the cost of the bridge?", [shop.desk.video, *unread]))
    assert isinstance(events[0], Warned)
    assert events[0].message.startswith("Not read to the end yet: Talk 0, Talk 1, Talk 2 and 2 more.")
    assert last(events).answer["status"] == "answered"


def test_a_thread_keeps_what_was_asked_and_the_answer_the_whole_question(shop: Shop) -> None:
    thread = shop.service.threads.start([shop.desk.video])
    list(shop.service.stream("What does the county pay?", thread=thread))
    answered = last(list(shop.service.stream("And before that?", thread=thread)))
    told = shop.service.threads.turns(thread)
    assert [turn.question for turn in told] == ["What does the county pay?", "And before that?"]
    whole = 'What is said right before "The county pays sixty percent of that"?'
    assert told[1].understood == whole == shop.desk.library.answer(answered.id).question
    assert told[1].answer["citations"][0]["span"] == {"start_s": 90.0, "end_s": 94.0}


def test_a_run_is_forgotten_when_its_answer_was_stored(shop: Shop) -> None:
    during = []
    for event in shop.service.stream("What does the county pay?", run_id="mine"):
        during.append(shop.stored if event.type == "reflected" else 0)
    assert max(during) > 0 and shop.stored == 0


def test_a_run_is_forgotten_when_it_was_cancelled(shop: Shop) -> None:
    stop: list[bool] = []
    with pytest.raises(Cancelled):
        for event in shop.service.stream("What is paid?", run_id="mine", cancelled=lambda: bool(stop)):
            stop.extend([True] * (event.type == "planned"))
    assert shop.stored == 0


def test_a_plan_that_was_changed_decides(shop: Shop) -> None:
    plan = shop.service.plan("What does the county pay?")
    events = list(shop.service.stream("What does the county pay?", plan={**plan, "queries": ["library"]}))
    planned = next(event for event in events if isinstance(event, Planned))
    assert (planned.by, planned.queries) == ("user", ("library",))


def test_a_plan_that_cannot_be_followed_is_refused_before_anything_is_done(shop: Shop) -> None:
    with pytest.raises(BadInput, match="looks for nothing"):
        next(shop.service.stream("What?", plan={**shop.service.plan("Who pays the bridge?"), "queries": []}))
