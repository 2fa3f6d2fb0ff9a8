"""Questions that go on without their reader, over a real server: rejoined, cancelled, unknown."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.api.schemas import AnswerOut
from app.client import Longreel
from app.core.errors import Cancelled, Conflict, NotFound
from app.core.events import Planned
from app.core.requests import AskRequest
from app.core.types import Video
from tests.integration.live import serving
from tests.unit.api.stand_in import StandIn, wait_until

SLOW = "When did it open, slowly?"


def ask_and_leave(longreel: Longreel, question: str, run: str) -> None:
    """Asks a question and goes away after the first step."""
    steps = longreel.ask_pulse(AskRequest(question, run=run, keep=True))
    assert isinstance(next(steps), Planned)
    steps.close()


def test_a_question_is_answered_without_its_reader_and_can_be_rejoined(parts: StandIn, address: str) -> None:
    parts.add()
    with Longreel(address) as longreel:
        ask_and_leave(longreel, SLOW, "r1")
        assert longreel.question("r1").state == "running"
        parts.agent.go_on.set()
        steps = [step for step in longreel.rejoin("r1") if step is not None]
        assert isinstance(steps[0], Planned) and isinstance(steps[-1], AnswerOut)
        known = longreel.question("r1")
        assert (known.state, known.question, known.answer_id) == ("answered", SLOW, steps[-1].id)
        assert longreel.answer(steps[-1].id).question == SLOW
        again = [step for step in longreel.rejoin("r1") if step is not None]
        assert again == steps


def test_two_readers_who_rejoin_one_question_see_the_same_and_neither_holds_up_the_other(
    parts: StandIn, address: str
) -> None:
    parts.add()
    with Longreel(address) as first, Longreel(address) as second, Longreel(address) as third:
        ask_and_leave(first, SLOW, "shared")
        leaving = third.rejoin("shared")
        next(leaving)
        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(lambda one: list(one.rejoin("shared")), one) for one in (first, second)]
            leaving.close()
            parts.agent.go_on.set()
            steps, same = ([step for step in one.result(20) if step is not None] for one in readers)
        assert steps == same and isinstance(steps[-1], AnswerOut)
        assert first.question("shared").answer_id == second.question("shared").answer_id == steps[-1].id
        assert [step for step in third.rejoin("shared") if step is not None] == steps


def test_a_cancelled_question_stops_and_says_so(parts: StandIn, address: str) -> None:
    parts.add()
    with Longreel(address) as longreel:
        ask_and_leave(longreel, "What about eternity?", "r2")
        with pytest.raises(Conflict, match="already being answered"):
            list(longreel.ask_pulse(AskRequest("Another?", run="r2", keep=True)))
        longreel.cancel_question("r2")
        wait_until(parts.agent.stopped.is_set)
        assert longreel.question("r2").state == "cancelled"
        with pytest.raises(Cancelled):
            list(longreel.rejoin("r2"))
        with pytest.raises(NotFound):
            longreel.question("r3")


@pytest.mark.parametrize("keep", [True, False])
def test_a_question_that_stops_with_the_server_can_be_resumed(parts: StandIn, keep: bool) -> None:
    parts.add()
    with serving(parts) as address:
        longreel = Longreel(address)
        steps = longreel.ask_pulse(AskRequest("What about eternity?", run="mine", keep=keep))
        assert isinstance(next(steps), Planned)
    assert parts.agent.stopped.wait(10)
    longreel.close()
    time.sleep(0.2)
    assert parts.agent.forgotten == []


def test_a_question_that_its_reader_left_is_forgotten(parts: StandIn, address: str) -> None:
    parts.add()
    with Longreel(address) as longreel:
        steps = longreel.ask_pulse(AskRequest("What about eternity?", run="mine"))
        assert isinstance(next(steps), Planned)
        steps.close()
        wait_until(lambda: parts.agent.forgotten == ["mine"])


def test_of_two_questions_that_arrive_at_once_under_one_run_one_is_refused(
    parts: StandIn, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.add()
    both, scope = threading.Barrier(2), parts.longreel.library.scope

    def scope_of_both(names: Sequence[str], collection: str | None = None) -> list[Video]:
        both.wait(20)
        return scope(names, collection)

    monkeypatch.setattr(parts.longreel.library, "scope", scope_of_both)

    def ask() -> str:
        with Longreel(address) as longreel:
            try:
                *_, answer = longreel.ask_pulse(AskRequest(SLOW, run="twice", keep=True))
            except Conflict:
                return "refused"
            finally:
                parts.agent.go_on.set()
            return answer.id if isinstance(answer, AnswerOut) else ""

    with ThreadPoolExecutor(2) as pool:
        results = {one.result(20) for one in (pool.submit(ask), pool.submit(ask))}
    with Longreel(address) as longreel:
        assert results == {"refused", longreel.question("twice").answer_id}
