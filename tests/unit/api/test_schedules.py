"""Schedules over HTTP, with the server's own chores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.main import create_app
from app.services import schedules, watching
from tests.unit.api.stand_in import StandIn, make, wait_until


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files rest within a moment."""
    for module in (schedules, watching):
        monkeypatch.setattr(module, "SETTLE_S", 0.1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "incoming"
    made.mkdir()
    (made / "talk.mp4").write_bytes(b"film")
    return made


def add(client: TestClient, folder: Path, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/schedules", json={"folder": str(folder), "every_s": 3600, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def videos(client: TestClient) -> dict[str, list[str]]:
    return {video["title"]: video["tags"] for video in client.get("/v1/videos").json()}


def test_a_server_reads_what_comes_into_a_folder(client: TestClient, folder: Path) -> None:
    id = add(client, folder, collection="Talks")["id"]
    wait_until(lambda: videos(client) == {"talk": ["Talks"]})
    (folder / "second.mp4").write_bytes(b"another")
    assert client.post(f"/v1/schedules/{id}/run").status_code == 202
    wait_until(lambda: videos(client) == {"talk": ["Talks"], "second": ["Talks"]})
    last = client.get(f"/v1/schedules/{id}").json()["last"]
    assert (last["new"], last["waiting"], last["error"], len(last["jobs"])) == (1, 0, None, 1)
    assert client.delete(f"/v1/schedules/{id}").status_code == 204
    assert client.get("/v1/schedules").json() == []
    assert client.get(f"/v1/schedules/{id}").status_code == 404
    assert set(videos(client)) == {"talk", "second"}


def test_new_videos_are_summarized_as_a_batch(client: TestClient, folder: Path) -> None:
    add(client, folder, summary={"length": "line", "questions": ["When?"], "formats": ["md"]})
    wait_until(lambda: [one["state"] for one in client.get("/v1/batches").json()] == ["finished"])
    batch = client.get("/v1/batches").json()[0]
    assert client.get(f"/v1/batches/{batch['id']}/results").status_code == 200


def test_a_schedule_is_changed_in_part(client: TestClient, folder: Path) -> None:
    made = add(client, folder, collection="Talks", summary={"length": "line"}, paused=True)
    place = f"/v1/schedules/{made['id']}"
    assert (made["paused"], made["next_at"], made["collection"]) == (True, None, "Talks")
    assert made["summary"]["formats"] == ["md", "json"]
    changed = client.patch(place, json={"cron": "30 2 * * *", "summary": None}).json()
    assert (changed["cron"], changed["every_s"], changed["summary"]) == ("30 2 * * *", None, None)
    assert (changed["collection"], changed["paused"]) == ("Talks", True)
    changed = client.patch(place, json={"every_s": 60, "collection": None, "paused": False}).json()
    assert (changed["cron"], changed["every_s"], changed["collection"]) == (None, 60, None)
    assert changed["next_at"] is not None
    assert client.patch(place, json={}).json()["every_s"] == 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"every_s": None},
        {"cron": "* * * * *"},
        {"every_s": 5},
        {"every_s": None, "cron": "now and then"},
        {"folder": "/nowhere"},
        {"collection": "a/b"},
        {"summary": {"length": "novel"}},
    ],
)
def test_a_wrong_schedule_is_refused(client: TestClient, folder: Path, wrong: dict[str, Any]) -> None:
    answer = client.post("/v1/schedules", json={"folder": str(folder), "every_s": 60, **wrong})
    assert answer.status_code == 422
    assert client.get("/v1/schedules").json() == []


def test_a_paused_schedule_is_not_run(client: TestClient, folder: Path, parts: StandIn) -> None:
    id = add(client, folder, paused=True)["id"]
    assert client.post(f"/v1/schedules/{id}/run").status_code == 422
    parts.longreel.schedules.tick()
    assert client.get(f"/v1/schedules/{id}").json()["last"] is None


def test_a_server_with_a_key_takes_no_folders(tmp_path: Path, folder: Path) -> None:
    parts = make(tmp_path / "data", api_key=SecretStr("secret-key-of-this-test"))
    client = TestClient(create_app(parts.longreel.settings, parts.longreel, page=False), base_url="http://localhost")
    headers = {"Authorization": "Bearer secret-key-of-this-test"}
    answer = client.post("/v1/schedules", json={"folder": str(folder), "every_s": 60}, headers=headers)
    assert answer.status_code == 422
    assert "longreel schedule" in answer.json()["hint"]
