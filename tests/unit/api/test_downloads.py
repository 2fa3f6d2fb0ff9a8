from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.api.schemas import JobOut
from app.main import create_app
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn, wait_until
from tests.unit.services.file_server import FileServer, serving_files


@pytest.fixture
def parts(tmp_path: Path) -> StandIn:
    return stand_in.make(tmp_path, private_addresses=True)


@pytest.fixture
def files() -> Iterator[FileServer]:
    with serving_files() as files:
        yield files


def job_of(client: TestClient, id: str) -> JobOut:
    return JobOut.model_validate(client.get(f"/v1/jobs/{id}").json())


def ended(client: TestClient, id: str) -> JobOut:
    wait_until(lambda: job_of(client, id).state not in ("queued", "running"))
    return job_of(client, id)


def uploads(parts: StandIn) -> list[Path]:
    return list((parts.longreel.settings.data / "uploads").rglob("*"))


def test_a_video_at_an_address_is_downloaded_and_read_in_the_background(
    client: TestClient, parts: StandIn, files: FileServer
) -> None:
    address = f"{files.base}/harbour.mp4"
    answer = client.post("/v1/videos", json={"url": address, "collection": "Films", "language": "en"})
    assert answer.status_code == 202 and answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    assert answer.json()["title"] == "harbour"
    job = ended(client, answer.json()["id"])
    assert job.state == "finished" and job.result is not None
    video = client.get(f"/v1/videos/{job.result['video_id']}").json()
    assert (video["source"], video["title"], video["tags"]) == (address, "harbour", ["Films"])
    assert client.get(f"/v1/videos/{video['id']}/media").content == files.data
    events = client.get(f"/v1/jobs/{job.id}/events").text
    assert '"download"' in events and events.index('"download"') < events.index('"transcribe"')


def test_a_page_fails_its_job_with_one_sentence_and_is_not_tried_again(
    client: TestClient, parts: StandIn, files: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    files.kind, files.data = "text/html", b"<html>"
    job = ended(client, client.post("/v1/videos", json={"url": f"{files.base}/watch"}).json()["id"])
    assert job.state == "failed" and job.attempts == 1 and job.error is not None
    assert "a web page, not a media file" in job.error.message and "longreel[web]" in job.error.hint
    assert uploads(parts) == []


def test_a_download_is_cancelled_as_any_job(client: TestClient, parts: StandIn, files: FileServer) -> None:
    files.hangs.clear()
    id = client.post("/v1/videos", json={"url": f"{files.base}/a.mp4"}).json()["id"]

    def share() -> float:
        return job_of(client, id).done_share or 0.0

    wait_until(lambda: 0 < share() < 1)
    client.delete(f"/v1/jobs/{id}")
    assert ended(client, id).state == "cancelled"
    assert uploads(parts) == []


def test_a_server_with_a_key_takes_addresses_but_no_paths_with_them(tmp_path: Path, files: FileServer) -> None:
    parts = stand_in.make(tmp_path, private_addresses=True, api_key=SecretStr("secret"))
    app = create_app(parts.longreel.settings, parts.longreel, page=False)
    client = TestClient(app, base_url="http://localhost", headers={"Authorization": "Bearer secret"})
    asked = {"url": f"{files.base}/a.mp4"}
    assert client.post("/v1/videos", json=asked).status_code == 202
    refused = client.post("/v1/videos", json={**asked, "subtitles": "/etc/passwd"})
    assert refused.status_code == 422 and "not accept paths" in refused.json()["detail"]
