from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.errors import BadInput
from app.core.requests import IngestRequest
from app.main import create_app
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn, wait_until


@pytest.fixture
def slow(tmp_path: Path) -> StandIn:
    return stand_in.make(tmp_path, hold=True)


@pytest.fixture
def client(slow: StandIn) -> Iterator[TestClient]:
    app = create_app(slow.longreel.settings, slow.longreel, page=False)
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def upload(client: TestClient, data: bytes = b"film") -> str:
    return str(client.post("/v1/videos", files={"file": ("film.mp4", data)}).json()["id"])


def events_of(text: str) -> list[dict[str, Any]]:
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "data" in fields:
            events.append({**fields, "data": json.loads(fields["data"])})
    return events


def test_a_running_job_tells_its_progress(client: TestClient, slow: StandIn) -> None:
    id = upload(client)
    wait_until(lambda: client.get(f"/v1/jobs/{id}").json()["done_share"] == 0.5)
    job = client.get(f"/v1/jobs/{id}").json()
    assert job["state"] == "running" and job["title"] == "film"
    assert job["progress"]["stage"] == "transcribe" and job["progress"]["speed"] == 12.0
    assert "path" not in json.dumps(job)
    assert [one["id"] for one in client.get("/v1/jobs?state=running").json()] == [id]
    assert client.get("/v1/jobs?state=failed").json() == []


def test_the_event_stream_ends_with_the_job_and_resumes_after_a_number(client: TestClient, slow: StandIn) -> None:
    id = upload(client)
    wait_until(lambda: client.get(f"/v1/jobs/{id}").json()["done_share"] == 0.5)
    slow.reader.hold.set()
    told = events_of(client.get(f"/v1/jobs/{id}/events").text)
    assert [event["event"] for event in told] == ["stage_started", "stage_progress", "end"]
    assert told[-1]["data"]["state"] == "finished"
    again = client.get(f"/v1/jobs/{id}/events", headers={"Last-Event-ID": told[0]["id"]})
    assert [event["event"] for event in events_of(again.text)] == ["stage_progress", "end"]
    assert again.headers["content-type"].startswith("text/event-stream")
    for unknown in ("9" * 5000, "9" * 19, "soon"):
        whole = client.get(f"/v1/jobs/{id}/events", headers={"Last-Event-ID": unknown})
        assert len(events_of(whole.text)) == len(told)


def test_a_job_can_be_cancelled_and_tried_again(client: TestClient, slow: StandIn) -> None:
    id = upload(client)
    wait_until(lambda: client.get(f"/v1/jobs/{id}").json()["state"] == "running")
    assert client.delete(f"/v1/jobs/{id}").status_code == 200
    wait_until(lambda: client.get(f"/v1/jobs/{id}").json()["state"] == "cancelled")
    slow.reader.hold.set()
    assert client.post(f"/v1/jobs/{id}/retry").status_code == 202
    wait_until(lambda: client.get(f"/v1/jobs/{id}").json()["state"] == "finished")
    refused = client.delete(f"/v1/jobs/{id}")
    assert refused.status_code == 409 and "finished" in refused.json()["detail"]


def test_a_failed_job_says_why_and_what_to_do(client: TestClient, slow: StandIn) -> None:
    slow.reader.hold.set()
    id = upload(client, b" ")
    wait_until(lambda: client.get(f"/v1/jobs/{id}").json()["state"] == "failed")
    error = client.get(f"/v1/jobs/{id}").json()["error"]
    assert error == {"code": "bad_input", "message": "The file is empty.", "hint": "Give a video."}
    assert [event["event"] for event in events_of(client.get(f"/v1/jobs/{id}/events").text)][-1] == "end"


def test_a_job_that_ended_is_dismissed_and_found_by_its_id(client: TestClient, slow: StandIn) -> None:
    id = upload(client)
    wait_until(lambda: client.get(f"/v1/jobs/{id}").json()["state"] == "running")
    refused = client.post(f"/v1/jobs/{id}/dismiss")
    assert refused.status_code == 409 and "running" in refused.json()["detail"]
    assert refused.headers["content-type"] == "application/problem+json"
    client.delete(f"/v1/jobs/{id}")
    wait_until(lambda: client.get(f"/v1/jobs/{id}").json()["state"] == "cancelled")
    for _ in range(2):
        gone = client.post(f"/v1/jobs/{id}/dismiss")
        assert gone.status_code == 200 and gone.json()["dismissed"]
    assert client.get("/v1/jobs").json() == client.get("/v1/jobs?state=cancelled").json() == []
    assert client.get(f"/v1/jobs/{id}").json()["state"] == "cancelled"
    assert [event["event"] for event in events_of(client.get(f"/v1/jobs/{id}/events").text)] == ["end"]
    slow.reader.hold.set()
    assert not client.post(f"/v1/jobs/{id}/retry").json()["dismissed"]
    wait_until(lambda: client.get(f"/v1/jobs/{id}").json()["state"] == "finished")
    assert [job["id"] for job in client.get("/v1/jobs").json()] == [id]


def test_all_that_ended_is_dismissed_and_videos_stay(client: TestClient, slow: StandIn) -> None:
    slow.reader.hold.set()
    read, empty = upload(client), upload(client, b" ")
    wait_until(lambda: len(client.get("/v1/jobs?state=failed").json()) == 1)
    wait_until(lambda: client.get(f"/v1/jobs/{read}").json()["state"] == "finished")
    assert client.post("/v1/jobs/dismiss?kind=batch").json() == {"jobs": 0}
    assert [job["id"] for job in client.get("/v1/jobs").json()] == [empty, read]
    assert client.post("/v1/jobs/dismiss").json() == {"jobs": 2}
    assert client.get("/v1/jobs").json() == []
    assert [video["title"] for video in client.get("/v1/videos").json()] == ["film"]


def test_a_request_that_is_sent_again_after_its_job_was_dismissed_finds_it(client: TestClient, slow: StandIn) -> None:
    slow.reader.hold.set()
    film = {"files": {"file": ("film.mp4", b" ")}, "headers": {"Idempotency-Key": "once"}}
    id = client.post("/v1/videos", **film).json()["id"]
    wait_until(lambda: client.get(f"/v1/jobs/{id}").json()["state"] == "failed")
    client.post(f"/v1/jobs/{id}/dismiss")
    again = client.post("/v1/videos", **film)
    assert again.status_code == 202 and again.json()["id"] == id
    assert client.get(again.headers["location"]).json()["dismissed"]


@pytest.mark.parametrize("path", ["", "/events", "/retry", "/dismiss"])
def test_an_unknown_job_is_not_found(client: TestClient, path: str) -> None:
    method = "POST" if path in ("/retry", "/dismiss") else "GET"
    answer = client.request(method, f"/v1/jobs/none{path}")
    assert answer.status_code == 404 and answer.json()["code"] == "not_found"


def test_a_waiting_job_goes_to_the_top_of_the_queue(client: TestClient, slow: StandIn) -> None:
    running = upload(client, b"first")
    wait_until(lambda: client.get(f"/v1/jobs/{running}").json()["state"] == "running")
    early, late = upload(client, b"second"), upload(client, b"third")
    first = client.post(f"/v1/jobs/{late}/next").json()
    assert first["priority"] > client.get(f"/v1/jobs/{early}").json()["priority"]
    refused = client.post(f"/v1/jobs/{running}/next")
    assert refused.status_code == 409 and "running" in refused.json()["detail"]
    slow.reader.hold.set()
    wait_until(lambda: client.get(f"/v1/jobs/{early}").json()["state"] == "finished")
    assert client.get(f"/v1/jobs/{late}").json()["state"] == "finished"


def test_a_file_whose_name_is_no_utf_8_spoils_no_list_of_jobs(client: TestClient, slow: StandIn) -> None:
    film = slow.longreel.settings.data / os.fsdecode(b"caf\xe9.mp4")
    film.write_bytes(b"film")
    slow.longreel.ingest.submit(IngestRequest(film))
    assert [job["title"] for job in client.get("/v1/jobs").json()] == ["caf?"]


def test_an_error_about_such_a_file_can_be_told() -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    refused = BadInput(f"{name} cannot be read.", name)
    assert (refused.message, refused.hint) == ("caf?.mp4 cannot be read.", "caf?.mp4")
