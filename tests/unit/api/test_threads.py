from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.schemas import AnswerOut
from app.api.schemas.threads import ConversationOut, ThreadOut
from tests.unit.api.stand_in import StandIn


def started(client: TestClient, **given: object) -> ThreadOut:
    answer = client.post("/v1/threads", json=given)
    assert answer.status_code == 201
    made = ThreadOut.model_validate(answer.json())
    assert answer.headers["Location"] == f"/v1/threads/{made.id}"
    return made


def ask(client: TestClient, thread: str, question: str, **more: object) -> AnswerOut:
    answer = client.post("/v1/ask", json={"question": question, "thread_id": thread, **more})
    assert answer.status_code == 200, answer.text
    return AnswerOut.model_validate(answer.json())


def test_a_conversation_keeps_its_turns_and_what_each_question_was_taken_for(
    client: TestClient, parts: StandIn
) -> None:
    video = parts.add()
    thread = started(client, videos=[video.id[:8]])
    assert (thread.video_ids, thread.turn_count) == ([video.id], 0)
    first = ask(client, thread.id, "When did the bridge open?")
    second = ask(client, thread.id, "And after that?")
    assert (first.understood, second.understood) == ("", "And after that? (after: When did the bridge open?)")
    assert second.trace[0].type == "understood"
    told = ConversationOut.model_validate(client.get(f"/v1/threads/{thread.id}").json())
    assert [turn.question for turn in told.turns] == ["When did the bridge open?", "And after that?"]
    assert [turn.answer for turn in told.turns] == [first, second]
    assert told.turns[1].understood == second.understood
    assert told.title == "When did the bridge open?" and told.turn_count == 2


def test_a_question_of_a_thread_is_about_its_videos_unless_it_names_others(client: TestClient, parts: StandIn) -> None:
    old, new = parts.add(b"old", "Old"), parts.add(b"new", "New")
    thread = started(client, videos=["Old"])
    assert ask(client, thread.id, "When?").citations[0].video_id == old.id
    assert ask(client, thread.id, "When?", videos=["New"]).citations[0].video_id == new.id


def test_threads_are_listed_by_their_last_use_and_found_by_a_beginning_or_as_last(
    client: TestClient, parts: StandIn
) -> None:
    parts.add()
    first, second = started(client, title="First"), started(client, title="Second")
    assert client.get("/v1/threads/last").json()["id"] == second.id
    ask(client, first.id[:8], "When?")
    assert [one["id"] for one in client.get("/v1/threads").json()] == [first.id, second.id]
    first_page = client.get("/v1/threads", params={"limit": 1})
    assert [one["title"] for one in first_page.json()] == ["First"]
    assert [one["title"] for one in client.get(first_page.links["next"]["url"]).json()] == ["Second"]


def test_a_deleted_thread_is_gone_and_its_answers_stay(client: TestClient, parts: StandIn) -> None:
    parts.add()
    thread = started(client)
    given = ask(client, thread.id, "When?")
    assert client.delete(f"/v1/threads/{thread.id}").status_code == 204
    assert client.get(f"/v1/threads/{thread.id}").json()["code"] == "not_found"
    assert client.get(f"/v1/answers/{given.id}").status_code == 200


@pytest.mark.parametrize("given", [{"videos": ["ffffffff"]}, {"videos": "x"}, {"name": "x"}])
def test_a_thread_that_cannot_be_started_is_refused(client: TestClient, given: dict[str, object]) -> None:
    answer = client.post("/v1/threads", json=given)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_question_in_a_thread_that_is_not_there_is_refused(client: TestClient, parts: StandIn) -> None:
    parts.add()
    answer = client.post("/v1/ask", json={"question": "When?", "thread_id": "nowhere"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_thread_whose_videos_were_all_deleted_does_not_turn_to_the_whole_library(
    client: TestClient, parts: StandIn
) -> None:
    video = parts.add(b"old", "Old")
    parts.add(b"new", "New")
    thread = started(client, videos=["Old"])
    parts.library.delete_video(video.id)
    answer = client.post("/v1/ask", json={"question": "When?", "thread_id": thread.id})
    assert answer.status_code == 404 and "deleted" in answer.json()["detail"]


def test_the_server_answers_others_while_a_thread_waits_for_the_database(
    client: TestClient, parts: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, free = threading.Event(), threading.Event()
    start, waits = parts.longreel.ask.threads.start, []

    def wait(*given: Any) -> Any:
        begun.set()
        waits.append(free.wait(10))
        return start(*given)

    monkeypatch.setattr(parts.longreel.ask.threads, "start", wait)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(started, client)
        assert begun.wait(10)
        assert client.get("/v1/threads").status_code == 200
        free.set()
        assert starting.result(20).id
    assert waits == [True]
