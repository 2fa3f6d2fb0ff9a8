"""Questions in line: fair, bounded, and dropped when nobody waits for them any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.api.line import MOST_CALLERS, LineFull, Seat, WaitingLine
from tests.integration.live import serving
from tests.unit.api.stand_in import StandIn, make, wait_until


@pytest.fixture
def busy() -> Iterator[tuple[WaitingLine, threading.Event]]:
    """A line with one place, which is taken until the event is set."""
    line, free = WaitingLine(1, most_waiting=20), threading.Event()
    line.join("first", lambda: free.wait(10) and None)
    yield line, free
    free.set()
    line.close()


def test_callers_take_turns_and_know_their_place(busy: tuple[WaitingLine, threading.Event]) -> None:
    line, free = busy
    order: list[str] = []

    def ask(caller: str, number: int) -> Seat:
        return line.join(caller, lambda: order.append(f"{caller}{number}"))

    seats = {f"a{n}": ask("a", n) for n in range(4)} | {f"b{n}": ask("b", n) for n in range(2)} | {"c0": ask("c", 0)}
    fair = ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]
    assert sorted(seats, key=lambda name: seats[name].place) == fair
    assert [seats[name].place for name in fair] == list(range(1, 8))
    free.set()
    wait_until(lambda: len(order) == 7)
    assert order == fair and {seat.place for seat in seats.values()} == {0}


def test_a_full_line_refuses_and_who_leaves_makes_room(busy: tuple[WaitingLine, threading.Event]) -> None:
    line, free = busy
    ran: list[int] = []
    seats = [line.join("a", lambda n=n: ran.append(n)) for n in range(20)]  # type: ignore[misc]
    with pytest.raises(LineFull, match="20 requests"):
        line.join("a", lambda: None)
    other = line.join("b", lambda: None)
    assert other.place == 2, "nobody fills the line for all others"
    for caller in range(2, MOST_CALLERS + 1):
        waiting = [line.join(str(caller), lambda: None) for _ in range(20 if caller < MOST_CALLERS else 19)]
        seats += waiting
    with pytest.raises(LineFull, match="160 requests"):
        line.join("c", lambda: None)
    assert other.leave()
    assert all(seat.leave() for seat in seats[1:])
    assert not seats[1].leave()
    last = line.join("b", lambda: ran.append(99))
    assert last.place == 2
    free.set()
    wait_until(lambda: len(ran) == 2)
    assert ran == [0, 99] and not last.leave()


def test_work_that_fails_gives_its_place_back() -> None:
    line, done = WaitingLine(1), threading.Event()
    line.join("a", lambda: 1 // 0)
    line.join("a", done.set)
    assert done.wait(5)
    line.close()


@pytest.fixture
def slow(tmp_path: Path) -> StandIn:
    return make(tmp_path, pace_s=0.4)


def test_of_twenty_questions_each_is_answered_or_told_to_come_back(
    slow: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow.add()
    monkeypatch.setattr("app.api.application.ASKING_THREADS", 2)
    monkeypatch.setattr("app.api.line.MOST_WAITING", 6)
    answers: list[httpx.Response] = []
    with serving(slow) as address:

        def ask() -> None:
            answers.append(httpx.post(f"{address}/v1/ask", json={"question": "When did it open?"}, timeout=60))

        asking = [threading.Thread(target=ask) for _ in range(20)]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
    assert {answer.status_code for answer in answers} == {200, 429}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 429)


def test_who_waits_hears_the_place_and_an_abandoned_question_is_never_begun(
    slow: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow.add()
    monkeypatch.setattr("app.api.application.ASKING_THREADS", 1)
    streamed = {"Accept": "text/event-stream"}
    with serving(slow) as address, httpx.Client(base_url=address, timeout=30) as client:
        with client.stream("POST", "/v1/ask", json={"question": "eternity?"}, headers=streamed) as first:
            lines = first.iter_lines()
            assert next(lines)
            with client.stream("POST", "/v1/ask", json={"question": "abandoned?"}, headers=streamed) as second:
                heard = next(line for line in second.iter_lines() if line.startswith("event: "))
                assert heard == "event: waiting"
        asked = client.post("/v1/ask", json={"question": "When did it open?"})
        assert asked.status_code == 200
    assert "abandoned?" not in [
        answer.question for video in slow.library.videos() for answer in slow.library.answers(video.id)
    ]


def test_a_question_to_be_kept_is_answered_and_stored_although_its_reader_went_away(slow: StandIn) -> None:
    video = slow.add()
    with serving(slow) as address, httpx.Client(base_url=address, timeout=30) as client:
        asked = {"question": "When did it open?", "keep": True}
        with client.stream("POST", "/v1/ask", json=asked, headers={"Accept": "text/event-stream"}) as gone:
            next(gone.iter_lines())
        wait_until(lambda: bool(slow.library.answers(video.id)))
    assert not slow.agent.stopped.is_set()
