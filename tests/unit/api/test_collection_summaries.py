"""Summaries of several videos over HTTP: a job makes one, GET tells it for as long as nothing changed."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.types import Video
from app.main import create_app
from tests.unit.api.stand_in import SAID, StandIn, wait_until


@pytest.fixture
def videos(parts: StandIn) -> list[Video]:
    """Two videos of a collection, the third one of none."""
    made = [parts.add(f"film {name}".encode(), name) for name in ("One", "Two", "Three")]
    collection = parts.longreel.library.collections.create("Films")
    for video in made[:2]:
        parts.longreel.library.collections.add(collection.id, video.id)
    return made


def made(client: TestClient, **asked: Any) -> dict[str, Any]:
    answer = client.post("/v1/summaries", json=asked)
    assert answer.status_code == 202
    address = answer.headers["location"]
    wait_until(lambda: client.get(address).json()["state"] not in ("queued", "running"))
    job: dict[str, Any] = client.get(address).json()
    return job


def test_a_collection_is_summarized_by_a_job(client: TestClient, videos: list[Video]) -> None:
    query = {"collection": "films", "length": "page"}
    assert client.get("/v1/summaries", params=query).json()["code"] == "not_found"
    job = made(client, **query)
    assert (job["kind"], job["state"], job["title"]) == ("summary", "finished", "Films")
    assert job["result"]["videos"] == 2
    told = client.get("/v1/summaries", params=query).json()
    assert (told["length"], told["style"], told["model"]) == ("page", "neutral", "extractive")
    assert [(one["video_id"], one["title"]) for one in told["videos"]] == [
        (video.id, video.title) for video in sorted(videos[:2], key=lambda video: video.id)
    ]
    points = [point for section in told["sections"] for point in section["points"]]
    assert {citation["video_id"] for point in points for citation in point["citations"]} <= {v.id for v in videos[:2]}
    assert {point["text"] for point in points} <= {text for _, _, text in SAID}
    assert all(one["verified"] and one["end_s"] > one["start_s"] for point in points for one in point["citations"])


def test_videos_can_be_named_one_by_one(client: TestClient, videos: list[Video]) -> None:
    names = [videos[0].title, videos[2].id[:12]]
    assert made(client, videos=names, collection="Films")["title"] == "3 videos"
    assert made(client, videos=names)["title"] == "2 videos"
    told = client.get("/v1/summaries", params={"video": names}).json()
    assert {one["title"] for one in told["videos"]} == {"One", "Three"}


def test_a_changed_video_makes_the_summary_out_of_date(client: TestClient, parts: StandIn, videos: list[Video]) -> None:
    made(client, collection="Films")
    said = parts.library.utterances(videos[0].id)
    parts.library.save_utterances(videos[0].id, said[:1])
    assert client.get("/v1/summaries?collection=Films").status_code == 404
    made(client, collection="Films")
    assert client.get("/v1/summaries?collection=Films").status_code == 200


def test_the_same_summary_is_queued_once(parts: StandIn, videos: list[Video]) -> None:
    idle = TestClient(create_app(parts.longreel.settings, parts.longreel, page=False), base_url="http://localhost")

    def id_of(**asked: Any) -> str:
        return str(idle.post("/v1/summaries", json=asked).json()["id"])

    first = id_of(collection="Films")
    assert id_of(collection="Films") == first
    assert id_of(collection="Films", length="line") != first
    hook = {"url": "https://example.org/hook", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    assert id_of(collection="Films", webhook=hook) != first


def test_what_cannot_be_summarized_is_told(client: TestClient, videos: list[Video]) -> None:
    assert client.post("/v1/summaries", json={}).json()["hint"] == "Name videos or a collection."
    assert client.get("/v1/summaries").status_code == 422
    assert client.post("/v1/summaries", json={"collection": "Nothing"}).status_code == 404
    failed = made(client, collection="Films", language="de")
    assert (failed["state"], failed["error"]["code"]) == ("failed", "missing_part")
    assert client.get("/v1/summaries?collection=Films&language=DE").status_code == 422
