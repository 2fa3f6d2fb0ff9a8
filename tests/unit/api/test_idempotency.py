"""A request with an Idempotency-Key queues one job, however often it is sent."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn

KEY = {"Idempotency-Key": "7a6e"}


def register(client: TestClient, path: Path, headers: dict[str, str] = KEY) -> Any:
    path.write_bytes(b"film")
    return client.post("/v1/videos", json={"path": str(path)}, headers=headers)


def test_the_first_job_is_given_again(client: TestClient, parts: StandIn, tmp_path: Path) -> None:
    first, again = (register(client, tmp_path / "film.mp4") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"] and again.headers["location"] == first.headers["location"]
    assert len(parts.longreel.jobs.list()) == 1


def test_another_key_or_none_is_another_request(client: TestClient, parts: StandIn, tmp_path: Path) -> None:
    for headers in (KEY, {"Idempotency-Key": "7a6f"}, {}):
        register(client, tmp_path / "film.mp4", headers)
    assert len(parts.longreel.jobs.list()) == 3


def test_a_key_of_another_kind_of_job_is_refused(client: TestClient, parts: StandIn, tmp_path: Path) -> None:
    video = parts.add()
    register(client, tmp_path / "film.mp4")
    for path in ("/v1/batches", "/v1/summaries"):
        refused = client.post(path, json={"videos": [video.id]}, headers=KEY)
        assert refused.status_code == 409 and "another request" in refused.json()["detail"]


def test_a_batch_and_a_summary_are_queued_once(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    for path in ("/v1/batches", "/v1/summaries"):
        ids = {
            client.post(path, json={"videos": [video.id], "length": length}, headers={"Idempotency-Key": path}).json()[
                "id"
            ]
            for length in ("line", "page")
        }
        assert len(ids) == 1


def test_what_failed_may_be_tried_again_with_its_key(client: TestClient, tmp_path: Path) -> None:
    missing = client.post("/v1/videos", json={"path": str(tmp_path / "film.mp4")}, headers=KEY)
    assert missing.status_code == 422
    assert register(client, tmp_path / "film.mp4").status_code == 202


def test_an_upload_is_not_stored_twice(client: TestClient, parts: StandIn) -> None:
    file = {"file": ("film.mp4", b"x" * 100_000)}
    first, again = (client.post("/v1/videos", files=file, headers=KEY) for _ in range(2))
    assert first.status_code == 202 and again.json()["id"] == first.json()["id"]
    assert len(list((parts.longreel.settings.data / "uploads").glob("*/film.mp4"))) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", "a\tb"])
def test_a_key_that_cannot_be_used_is_refused(client: TestClient, tmp_path: Path, key: str) -> None:
    answer = register(client, tmp_path / "film.mp4", {"Idempotency-Key": key.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 422 and "Idempotency-Key" in answer.text


def test_two_servers_over_one_store_carry_it_out_once(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path)
    doors = [
        TestClient(create_app(parts.longreel.settings, parts.longreel, page=False), base_url="http://localhost")
        for _ in range(2)
    ]
    for door in doors:  # FastAPI completes the parameters of a route at its first request
        door.post("/v1/videos", json={})
    ready = threading.Barrier(2)

    def send(door: TestClient) -> Any:
        ready.wait()
        return register(door, tmp_path / "film.mp4").json()["id"]

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(send, doors))) == 1
    assert len(parts.longreel.jobs.list()) == 1
