from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

from app.api.schemas import AnswerOut, AskIn
from app.core.requests import LONGEST_QUESTION
from app.core.types import TimeSpan
from app.core.types.objects import Region
from tests.unit.api.stand_in import SAID, StandIn
from tests.unit.api.stand_in_agent import MISSING, SEARCHED
from tests.unit.api.test_jobs import events_of

BOX = {"x": 0.25, "y": 0.5, "width": 0.5, "height": 0.25, "start_s": 4}


def test_an_answer_comes_with_citations_trace_and_usage(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    answer = client.post("/v1/ask", json={"question": "When did the bridge open?", "videos": [video.id[:8]]})
    assert answer.status_code == 200
    body = answer.json()
    keys = ["id", "status", "text", "understood", "option_index", "confidence", "citations"]
    keys += ["searched", "missing", "trace", "usage"]
    assert list(body) == keys
    assert body["status"] == "answered" and body["option_index"] is None
    assert body["citations"] == [
        {
            "video_id": video.id,
            "start_s": 8.0,
            "end_s": 11.0,
            "kind": "speech",
            "quote": SAID[1][2],
            "frame_s": 9.0,
            "verified": True,
            "confidence": None,
            "box": None,
        }
    ]
    assert [step["type"] for step in body["trace"]] == ["planned", "searched", "verified"]
    assert list(body["usage"]) == ["seconds", "steps", "frames", "prompt_tokens", "output_tokens"]


def test_steps_stream_as_they_happen_and_the_answer_ends_them(client: TestClient, parts: StandIn) -> None:
    parts.add()
    asked = {"question": "When?", "options": ["1931", "1932"]}
    answer = client.post("/v1/ask", json=asked, headers={"Accept": "text/event-stream"})
    told = events_of(answer.text)
    assert [event["event"] for event in told] == ["planned", "searched", "delta", "delta", "verified", "answer"]
    final = AnswerOut.model_validate(told[-1]["data"])
    assert final.option_index == 1
    assert [step.type for step in final.trace] == ["planned", "searched", "verified"]


def test_a_question_may_want_less_than_the_server_is_set_to_but_never_more(client: TestClient, parts: StandIn) -> None:
    parts.add()
    own = parts.longreel.settings.agent
    for wanted, steps, seconds in [
        ({}, own.max_steps, own.max_seconds),
        ({"max_steps": 2, "max_seconds": 7.5}, 2, 7.5),
        ({"max_steps": 20, "max_seconds": 1e6}, own.max_steps, own.max_seconds),
    ]:
        assert client.post("/v1/ask", json={"question": "When?", **wanted}).status_code == 200
        assert parts.agent.limits is not None
        assert (parts.agent.limits.max_steps, parts.agent.limits.max_seconds) == (steps, seconds)


def test_a_question_may_be_about_a_part_of_the_picture(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    asked = {"question": "When?", "videos": [video.id], "box": {**BOX, "end_s": 6}}
    assert client.post("/v1/ask", json=asked).status_code == 200
    assert parts.agent.region == Region((0.25, 0.5, 0.75, 0.75), TimeSpan(4, 6))
    assert client.post("/v1/ask", json={"question": "When?"}).status_code == 200 and parts.agent.region is None


def test_a_box_lies_in_the_pictures_of_one_video(client: TestClient, parts: StandIn) -> None:
    parts.add()
    late = client.post("/v1/ask", json={"question": "When?", "box": {**BOX, "start_s": 4000}})
    assert late.status_code == 422 and "after the end of Harbour" in late.text
    parts.add(b"another", "Bridge")
    several = client.post("/v1/ask", json={"question": "When?", "box": BOX})
    assert several.status_code == 422 and "belongs to one video" in several.text


def test_not_in_the_video_is_an_answer(client: TestClient, parts: StandIn) -> None:
    parts.add()
    answer = client.post("/v1/ask", json={"question": "Where is the cat?"})
    assert answer.status_code == 200 and answer.json()["status"] == "not_in_video"
    assert answer.json()["citations"] == [] and answer.json()["confidence"] is None
    assert answer.json()["searched"] == list(SEARCHED)


def test_what_could_not_be_decided_comes_with_what_is_missing(client: TestClient, parts: StandIn) -> None:
    parts.add()
    body = client.post("/v1/ask", json={"question": "Which colour is it?"}).json()
    assert (body["status"], body["confidence"], body["missing"]) == ("insufficient", None, list(MISSING))


def test_pieces_of_text_are_not_stored(client: TestClient, parts: StandIn) -> None:
    parts.add()
    id = client.post("/v1/ask", json={"question": "When?"}).json()["id"]
    trace = parts.longreel.library.answer(id).trace
    assert [step["type"] for step in trace] == ["planned", "searched", "verified"]


def test_an_error_is_never_an_answer(client: TestClient, parts: StandIn) -> None:
    parts.add()
    plain = client.post("/v1/ask", json={"question": "Will it crash?"})
    assert plain.status_code == 503 and plain.json()["code"] == "worker_failed"
    streamed = client.post("/v1/ask", json={"question": "Will it crash?"}, headers={"Accept": "text/event-stream"})
    assert events_of(streamed.text)[-1]["event"] == "problem"
    assert events_of(streamed.text)[-1]["data"]["hint"] == "Try again."


def test_an_inner_fault_shows_no_secret_of_the_inside(client: TestClient, parts: StandIn) -> None:
    parts.add()
    plain = client.post("/v1/ask", json={"question": "a bug?"})
    assert plain.status_code == 500
    streamed = client.post("/v1/ask", json={"question": "a bug?"}, headers={"Accept": "text/event-stream"})
    for text in (plain.text, streamed.text):
        assert "secret" not in text and "Traceback" not in text and "failed unexpectedly" in text


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"question": "When?", "videos": ["ffffffff"]}, 404),
        ({"question": "When?"}, 404),
        ({"question": ""}, 422),
        ({"question": "   "}, 422),
        ({"question": "x" * (LONGEST_QUESTION + 1)}, 422),
        ({"question": "When?", "options": ["only one"]}, 422),
        ({"question": "When?", "options": ["", "b"]}, 422),
        ({"question": "When?", "temperature": 1}, 422),
        ({"question": "When?", "max_steps": 65}, 422),
        ({"question": "When?", "max_seconds": 0}, 422),
        ({"question": "When?", "box": {**BOX, "width": 0}}, 422),
        ({"question": "When?", "box": {**BOX, "x": 0.9}}, 422),
        ({"question": "When?", "box": {**BOX, "end_s": 3}}, 422),
        ({"question": "When?", "box": {"x": 0, "y": 0, "width": 1, "height": 1}}, 422),
        ({}, 422),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(client: TestClient, asked: object, status: int) -> None:
    answer = client.post("/v1/ask", content=json.dumps(asked), headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_description_tells_how_long_a_question_may_be() -> None:
    assert AskIn.model_json_schema()["properties"]["question"]["maxLength"] == LONGEST_QUESTION
