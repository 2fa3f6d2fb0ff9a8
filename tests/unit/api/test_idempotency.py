"""A request that is sent twice is carried out once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.errors import WorkerFailed
from app.core.events import Event
from app.core.replies import Earlier, StoredReply
from app.db.database import MemoryDatabase
from app.db.replies import SqlReplies
from app.main import create_app
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn

KEY = {"Idempotency-Key": "7a6e"}


def register(client: TestClient, path: Path, **more: Any) -> Any:
    path.write_bytes(b"film")
    return client.post("/v1/videos", json={"path": str(path), **more}, headers=KEY)


def test_the_first_answer_is_given_again(client: TestClient, parts: StandIn, tmp_path: Path) -> None:
    first = register(client, tmp_path / "film.mp4")
    again = register(client, tmp_path / "film.mp4")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
    assert len(parts.longreel.jobs.list()) == 1


def test_another_key_or_none_is_another_request(client: TestClient, parts: StandIn, tmp_path: Path) -> None:
    register(client, tmp_path / "film.mp4")
    for headers in ({"Idempotency-Key": "7a6f"}, {}):
        client.post("/v1/videos", json={"path": str(tmp_path / "film.mp4")}, headers=headers)
    assert len(parts.longreel.jobs.list()) == 3


def test_a_key_that_was_used_for_another_request_is_refused(client: TestClient, tmp_path: Path) -> None:
    register(client, tmp_path / "film.mp4")
    other = register(client, tmp_path / "film.mp4", title="Another")
    assert other.status_code == 422 and "another request" in other.json()["detail"]
    elsewhere = client.post("/v1/batches", json={"path": str(tmp_path / "film.mp4")}, headers=KEY)
    assert elsewhere.status_code == 422 and "another request" in elsewhere.json()["detail"]


def test_what_failed_may_be_tried_again_with_its_key(client: TestClient, tmp_path: Path) -> None:
    missing = client.post("/v1/videos", json={"path": str(tmp_path / "film.mp4")}, headers=KEY)
    assert missing.status_code == 422
    assert register(client, tmp_path / "film.mp4").status_code == 202


def test_a_request_that_is_still_at_work_is_told_so(client: TestClient, parts: StandIn) -> None:
    parts.add()
    asked = {"question": "When did the bridge open?"}
    begun, go_on = threading.Event(), threading.Event()
    answer = parts.agent.ask

    def ask(*given: Any, **named: Any) -> Iterator[Event]:
        begun.set()
        assert go_on.wait(20)
        return answer(*given, **named)

    parts.agent.ask = ask  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/v1/ask", json=asked, headers=KEY)
        assert begun.wait(20)
        second = client.post("/v1/ask", json=asked, headers=KEY)
        go_on.set()
        answered = first.result(20)
    again = client.post("/v1/ask", json=asked, headers=KEY)
    assert second.status_code == 409 and second.json()["code"] == "at_work"
    assert int(second.headers["retry-after"]) > 0
    assert answered.status_code == 200 and again.content == answered.content
    assert again.headers["idempotent-replayed"] == "true"


def test_an_upload_is_not_stored_twice(client: TestClient, parts: StandIn) -> None:
    def upload(data: bytes) -> Any:
        return client.post("/v1/videos", files={"file": ("film.mp4", data)}, headers=KEY)

    first, again = upload(b"x" * 100_000), upload(b"x" * 100_000)
    assert first.status_code == 202 and again.json() == first.json()
    assert len(parts.longreel.jobs.list()) == 1
    assert upload(b"x" * 90_000).status_code == 422


def test_streams_are_not_kept(client: TestClient, parts: StandIn) -> None:
    parts.add()
    headers = {**KEY, "Accept": "text/event-stream"}
    for _ in range(2):
        answer = client.post("/v1/ask", json={"question": "A cat?"}, headers=headers)
        assert "event: answer" in answer.text and "idempotent-replayed" not in answer.headers
    chat = {"model": "longreel", "messages": [{"role": "user", "content": "A cat?"}], "stream": True}
    for _ in range(2):
        assert "[DONE]" in client.post("/v1/chat/completions", json=chat, headers=KEY).text


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", "a\tb"])
def test_a_key_that_cannot_be_used_is_refused(client: TestClient, key: str) -> None:
    answer = client.post("/v1/ask", json={"question": "x"}, headers={"Idempotency-Key": key.encode("latin-1")})
    assert answer.status_code == 422 and "Idempotency-Key" in answer.json()["detail"]
    told = client.post("/v1/chat/completions", json={}, headers={"Idempotency-Key": key.encode("latin-1")})
    assert told.status_code == 400 and "Idempotency-Key" in told.json()["error"]["message"]


class BrokenStore(SqlReplies):
    def begin(self, key: str, request: str, owner: str) -> Earlier | None:
        raise WorkerFailed("The database is busy.", "Try again.")


def test_a_store_that_fails_is_a_problem_and_nothing_is_done(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path)
    parts.longreel.replies = BrokenStore(MemoryDatabase())
    client = TestClient(create_app(parts.longreel.settings, parts.longreel, page=False), base_url="http://localhost")
    answer = register(client, tmp_path / "film.mp4")
    assert answer.status_code == 503 and answer.json()["detail"] == "The database is busy."
    assert parts.longreel.jobs.list() == []


class ForgetfulStore(SqlReplies):
    def keep(self, key: str, owner: str, reply: StoredReply) -> None:
        raise WorkerFailed("The disk failed.", "Check the disk.")


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path)
    parts.longreel.replies = ForgetfulStore(MemoryDatabase())
    client = TestClient(create_app(parts.longreel.settings, parts.longreel, page=False), base_url="http://localhost")
    assert [register(client, tmp_path / "film.mp4").status_code for _ in range(2)] == [202, 202]


def test_two_servers_over_one_store_carry_it_out_once(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path)
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    doors = [
        TestClient(create_app(parts.longreel.settings, parts.longreel, page=False), base_url="http://localhost")
        for _ in range(2)
    ]
    ready = threading.Barrier(2)

    def send(door: TestClient) -> int:
        ready.wait()
        return door.post("/v1/videos", json={"path": str(film)}, headers=KEY).status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(send, doors))
    assert statuses in ([202, 202], [202, 409])
    assert len(parts.longreel.jobs.list()) == 1
