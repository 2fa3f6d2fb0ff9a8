from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.unit.api.stand_in import StandIn

QUESTION = "What is written on the screen in the last minute?"


def plan_of(client: TestClient) -> dict[str, Any]:
    answer = client.post("/v1/plan", json={"question": QUESTION})
    assert answer.status_code == 200
    return dict(answer.json())


def test_the_plan_of_a_question_is_data(client: TestClient) -> None:
    plan = plan_of(client)
    assert list(plan) == ["question", "queries", "sources", "scope", "by"]
    assert (plan["question"], plan["queries"], plan["sources"]) == (QUESTION, [QUESTION], ["speech"])
    assert plan["scope"]["start"] == -60 and plan["scope"]["end"] is None and plan["by"] == "rules"


def test_a_changed_plan_is_followed(client: TestClient, parts: StandIn) -> None:
    parts.add()
    plan = {**plan_of(client), "queries": ["bridge"], "scope": None}
    answer = client.post("/v1/ask", json={"question": QUESTION, "plan": plan})
    assert answer.status_code == 200
    first = answer.json()["trace"][0]
    assert (first["by"], first["queries"]) == ("user", ["bridge"])


@pytest.mark.parametrize(
    "change",
    [
        {"question": ""},
        {"queries": [" "]},
        {"sources": ["smell"]},
        {"scope": {"start": 5, "end": 1}},
        {"question_type": "fact"},
        {"colour": "blue"},
    ],
)
def test_a_plan_that_cannot_be_followed_is_a_problem(
    client: TestClient, parts: StandIn, change: dict[str, Any]
) -> None:
    parts.add()
    answer = client.post("/v1/ask", json={"question": QUESTION, "plan": {**plan_of(client), **change}})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_run_is_forgotten_once_its_answer_is_stored(client: TestClient, parts: StandIn) -> None:
    parts.add()
    assert client.post("/v1/ask", json={"question": "When?", "run_id": "mine"}).status_code == 200
    assert parts.agent.forgotten == ["mine"]
