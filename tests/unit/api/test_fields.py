"""Answers in part."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from app.jobs.states import JobError
from app.main import create_app
from tests.unit.api.stand_in import SAID, StandIn


@pytest.fixture
def idle(parts: StandIn) -> TestClient:
    """A client of a server whose workers do not run."""
    return TestClient(create_app(parts.longreel.settings, parts.longreel, page=False), base_url="http://localhost")


def test_only_the_fields_that_were_asked_for_come(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    assert client.get(f"/v1/videos/{video.id}?fields=title,ready").json() == {"title": "Harbour", "ready": True}
    assert client.get("/v1/videos?fields=id").json() == [{"id": video.id}]
    segments = client.get(f"/v1/videos/{video.id}/segments?kind=speech&fields= start_s , kind").json()
    assert segments[0] == {"start_s": 2.0, "kind": "speech"} and len(segments) == 3


def test_a_transcript_comes_without_its_words(client: TestClient, parts: StandIn) -> None:
    address = f"/v1/videos/{parts.add().id}/transcript"
    told = client.get(address, params={"fields": "start_s,text,words.text", "start_s": 7, "end_s": 12}).json()
    assert told == [{"start_s": 8.0, "text": SAID[1][2], "words": [{"text": "The"}]}]
    assert client.get(address, params={"fields": "colour"}).status_code == 422


def test_a_dot_leads_into_a_field(idle: TestClient, parts: StandIn) -> None:
    job = parts.longreel.jobs.submit("ingest", {"path": "empty.mp4"})
    claimed = parts.longreel.jobs.claim("w", ["ingest"])
    assert claimed is not None
    parts.longreel.jobs.fail(claimed, "w", JobError("bad_input", "It is empty.", "Give another."))
    told = idle.get(f"/v1/jobs/{job.id}?fields=state,error.code,error.hint").json()
    assert told == {"state": "failed", "error": {"code": "bad_input", "hint": "Give another."}}


def test_inside_lists_unions_and_free_objects(client: TestClient, parts: StandIn) -> None:
    jobs = parts.longreel.jobs
    job = jobs.submit("other", {"title": "Film"})
    claimed = jobs.claim("w", ["other"])
    assert claimed is not None
    jobs.heartbeat(claimed, "w", {"type": "stage_progress", "stage": "sample", "done": 1.0, "total": 2.0, "unit": "s"})
    jobs.finish(claimed, "w", {"video_id": "abc", "more": {"deep": 1}})
    asked = "progress.stage,progress.type,result.more.deep,error.code"
    told = client.get("/v1/jobs", params={"fields": asked}).json()
    progress = {"stage": "sample", "type": "stage_progress"}
    assert told == [{"progress": progress, "result": {"more": {"deep": 1}}, "error": None}]
    assert client.get(f"/v1/jobs/{job.id}?fields=progress").json()["progress"]["total"] == 2.0


@pytest.mark.parametrize(
    ("fields", "told"),
    [("colour", "no field colour"), ("id,", "no field "), ("id.part", "no field id.part"), ("ID", "no field ID"),
     ("warnings.x", "no field warnings.x"), (".", "no field "), ("__class__", "no field __class__")],
)  # fmt: skip
def test_a_field_that_there_is_not_is_refused_with_the_names_of_those_there_are(
    client: TestClient, parts: StandIn, fields: str, told: str
) -> None:
    answer = client.get(f"/v1/videos/{parts.add().id}", params={"fields": fields})
    assert answer.status_code == 422 and told in answer.json()["detail"]
    hint = answer.json()["hint"]
    assert "duration_s" in hint or "no fields below" in hint


def test_the_next_page_keeps_the_fields(client: TestClient, parts: StandIn) -> None:
    for number in range(3):
        parts.add(f"film {number}".encode(), f"Film {number}")
    first = client.get("/v1/videos?limit=2&fields=title")
    assert first.headers["etag"] and len(first.json()) == 2
    assert client.get(first.links["next"]["url"]).json()[0].keys() == {"title"}


def test_an_empty_wish_means_all_fields(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    assert client.get(f"/v1/videos/{video.id}?fields=").json() == client.get(f"/v1/videos/{video.id}").json()


def test_chapters_answers_and_conversations_come_in_part(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    assert client.get(f"/v1/videos/{video.id}/chapters?fields=title").json() == [{"title": "The harbour"}]
    thread = client.post("/v1/threads", json={"videos": [video.id]}).json()["id"]
    asked = {"question": "When did the bridge open?", "videos": [video.id], "thread_id": thread}
    answer = client.post("/v1/ask", json=asked).json()
    wanted = "question,answer.text"
    told = {"question": asked["question"], "answer": {"text": answer["text"]}}
    kept = client.get(f"/v1/answers/{answer['id']}", params={"fields": wanted})
    assert kept.json() == told and kept.headers["last-modified"]
    assert client.get(f"/v1/videos/{video.id}/answers", params={"fields": wanted}).json() == [told]
    assert client.get("/v1/threads?fields=id").json() == [{"id": thread}]
    turns = client.get(f"/v1/threads/{thread}?fields=turns.question").json()
    assert turns == {"turns": [{"question": asked["question"]}]}


def test_batches_come_in_part(idle: TestClient, parts: StandIn) -> None:
    batch = idle.post("/v1/batches", json={"videos": [parts.add().id]}).json()["id"]
    told = {"id": batch, "children": [{"state": "queued"}]}
    assert idle.get(f"/v1/batches/{batch}?fields=id,children.state").json() == told
    assert idle.get("/v1/batches?fields=id,children.state").json() == [told]
    assert idle.get("/v1/batches?fields=childs").status_code == 422
