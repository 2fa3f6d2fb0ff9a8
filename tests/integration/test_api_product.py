"""The API over the real stores, worker, reader and agent; only the models are fakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.core.settings import load_settings
from app.main import create_app
from tests.integration import offline_fakes, reading_chat
from tests.unit.api.stand_in import wait_until
from tests.unit.api.tiny_video import write_webm

SUBTITLES = """1
00:00:02,000 --> 00:00:05,000
Welcome to the harbour.

2
00:00:08,000 --> 00:00:11,000
The bridge opened in March 1932.
"""


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    for name, value in offline_fakes.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    reading_chat.connect(monkeypatch)
    with TestClient(create_app(load_settings(), page=False), base_url="http://localhost") as client:
        yield client


def test_a_video_is_uploaded_read_asked_about_and_deleted(client: TestClient, tmp_path: Path) -> None:
    film = write_webm(tmp_path / "harbour.webm", seconds=15)
    files = {"file": ("harbour.webm", film.read_bytes()), "subtitles": ("harbour.srt", SUBTITLES.encode())}
    place = client.post("/v1/videos", files=files, data={"language": "en"}).headers["location"]
    wait_until(lambda: client.get(place).json()["state"] not in ("queued", "running"), 60)
    job = client.get(place).json()
    assert job["state"] == "finished", job
    video = client.get("/v1/videos").json()[0]
    assert video["id"] == job["result"]["video_id"] and video["ready"] and video["title"] == "harbour"
    base = f"/v1/videos/{video['id']}"
    assert "00:00:08,000 --> 00:00:11,000" in client.get(f"{base}/transcript?format=srt").text
    assert client.get(f"{base}/media", headers={"Range": "bytes=0-3"}).content == film.read_bytes()[:4]
    assert client.get(f"{base}/thumbnail?t=3").status_code == 200
    assert client.get(f"{base}/summary").status_code == 200
    answer = client.post("/v1/ask", json={"question": "When did the bridge open?", "videos": [video["id"]]}).json()
    assert answer["status"] == "answered", answer
    assert any(one["start_s"] <= 11 and one["end_s"] >= 8 for one in answer["citations"])
    assert client.delete(base).status_code == 204
    assert client.get("/v1/videos").json() == []
