"""Summaries on demand and edited chapters over HTTP."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

from tests.unit.api.stand_in import SAID, StandIn


def test_every_sentence_of_a_summary_cites_its_moments(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    made = client.post(f"/v1/videos/{video.id}/summaries", json={"length": "page", "style": "notes"}).json()
    assert (made["length"], made["style"], made["model"]) == ("page", "notes", "extractive")
    points = [point for section in made["sections"] for point in section["points"]]
    assert {point["text"] for point in points} <= {text for _, _, text in SAID}
    assert all(one["verified"] and one["quote"] for point in points for one in point["citations"])
    assert [(one["title"], one["start_s"]) for one in made["sections"]] == [("", 0.0)]


def test_a_summary_can_be_waited_for_as_a_stream(client: TestClient, parts: StandIn) -> None:
    address = f"/v1/videos/{parts.add().id}/summaries"
    streamed = client.post(address, json={"length": "line"}, headers={"Accept": "text/event-stream"}).text
    kind, data = streamed.strip().splitlines()[-2:]
    assert kind == "event: summary"
    assert json.loads(data.removeprefix("data: ")) == client.post(address, json={"length": "line"}).json()


def test_a_language_that_no_model_writes_is_told(client: TestClient, parts: StandIn) -> None:
    address = f"/v1/videos/{parts.add().id}/summaries"
    answer = client.post(address, json={"language": "de"})
    assert answer.json()["code"] == "missing_part"
    streamed = client.post(address, json={"language": "de"}, headers={"Accept": "text/event-stream"}).text
    assert "event: problem" in streamed and "cannot write de" in streamed
    assert client.post(address, json={"length": "novel"}).status_code == 422


def test_chapters_are_edited(client: TestClient, parts: StandIn) -> None:
    address = f"/v1/videos/{parts.add().id}/chapters"
    given = [{"start_s": 0, "title": " Arrival "}, {"start_s": 12.5, "title": "Farewell"}]
    made = client.put(address, json={"chapters": given}).json()
    assert [(one["title"], one["start_s"], one["end_s"]) for one in made] == [
        ("Arrival", 0, 12.5),
        ("Farewell", 12.5, 20),
    ]
    assert [len(one["citations"]) for one in made] == [1, 0]
    assert client.get(address).json() == made


def test_edited_chapters_are_found_and_former_ones_are_not(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    address = f"/v1/videos/{video.id}/chapters"
    given = [{"start_s": 0, "title": "Arrival"}, {"start_s": 12.5, "title": "Lighthouse"}]
    client.put(address, json={"chapters": given})

    def found(words: str) -> list[tuple[str, float]]:
        hits = client.get("/v1/search", params={"q": words, "kind": "summary"}).json()
        return [(hit["text"], hit["start_s"]) for hit in hits]

    assert found("lighthouse") == [("Lighthouse.", 12.5)]
    client.put(address, json={"chapters": [{"start_s": 0, "title": "Harbour day"}]})
    assert found("lighthouse") == [] and found("harbour day")[0][1] == 0
    assert {one["text"] for one in client.get(f"/v1/videos/{video.id}/segments?kind=summary").json()} == {
        text for text, _ in found("harbour day")
    }
    assert client.get("/v1/search", params={"q": "bridge", "kind": "speech"}).json()


@pytest.mark.parametrize("starts", [[], [1], [0, 20], [0, 5, 5]])
def test_wrong_chapters_are_refused(client: TestClient, parts: StandIn, starts: list[float]) -> None:
    video = parts.add()
    given = [{"start_s": start, "title": "x"} for start in starts]
    answer = client.put(f"/v1/videos/{video.id}/chapters", json={"chapters": given})
    assert answer.status_code == 422 and answer.json()["hint"]
    assert [one["title"] for one in client.get(f"/v1/videos/{video.id}/chapters").json()] == ["The harbour"]
