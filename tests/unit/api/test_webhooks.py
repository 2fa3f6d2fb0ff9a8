"""The end of a job is told to its webhook."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.core.errors import BadSettings
from app.core.settings import Server
from app.db.database import Database, MemoryDatabase, sqlite_url
from app.db.jobs import SqlJobStore
from app.main import create_app
from app.services.secrets import Seal
from app.services.webhooks import WebhookService, signature
from tests.unit.api import stand_in
from tests.unit.api.receiver import Receiver, receiving
from tests.unit.api.stand_in import StandIn, wait_until

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def opened(parts: StandIn) -> TestClient:
    return TestClient(create_app(parts.longreel.settings, parts.longreel, page=False), base_url="http://localhost")


def add(client: TestClient, path: Path, receiver: Receiver, data: bytes = b"film") -> dict[str, Any]:
    path.write_bytes(data)
    asked = {"path": str(path), "title": "Film", "webhook": {"url": receiver.url, "secret": SECRET}}
    answer = client.post("/v1/videos", json=asked)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def delivered(client: TestClient, state: str = "delivered") -> dict[str, Any]:
    def latest() -> Any:
        found = client.get("/v1/webhooks/deliveries").json()
        return found[0] if found else {"state": ""}

    wait_until(lambda: latest()["state"] == state)
    return dict(latest())


def test_a_video_that_was_read_is_told_with_a_signature_that_the_receiver_can_check(
    tmp_path: Path, receiver: Receiver
) -> None:
    parts = stand_in.make(tmp_path, private_webhooks=True)
    with opened(parts) as client:
        job = add(client, tmp_path / "film.mp4", receiver)
        log = delivered(client)
        told = client.get(f"/v1/jobs/{job['id']}").json()
    [(headers, body)] = receiver.came
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert headers["content-type"] == "application/json"
    event = json.loads(body)
    assert event["type"] == "job.finished" and event["data"] == told
    assert (log["id"], log["job_id"], log["event"]) == (headers["webhook-id"], job["id"], "job.finished")
    assert (log["status"], log["attempts"], log["url"], log["error"]) == (204, 1, receiver.url, None)


def test_the_secret_is_nowhere_in_the_database_and_signs_all_the_same(tmp_path: Path, receiver: Receiver) -> None:
    database = Database(sqlite_url(tmp_path / "database" / "longreel.sqlite"))
    database.migrate()
    jobs = SqlJobStore(database)
    service = WebhookService(jobs, Server(private_webhooks=True), Seal(tmp_path / "secrets.key"))
    jobs.submit("ingest", {"title": "Film", "webhook": service.wanted(receiver.url, SECRET)})
    job = jobs.claim("worker", ["ingest"])
    assert job is not None and jobs.finish(job, "worker", {})
    stored = b"".join(file.read_bytes() for file in (tmp_path / "database").iterdir())
    assert receiver.url.encode() in stored
    assert SECRET.encode() not in stored and KEY not in stored
    assert service.worker.run_one()
    [(headers, body)] = receiver.came
    signed = signature(SECRET, headers["webhook-id"], headers["webhook-timestamp"], body)
    assert headers["webhook-signature"] == signed
    database.close()


def test_the_signature_is_that_of_the_published_example() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    told = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_that_fails_is_told_again_under_the_same_id(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses = [500, 302]
    parts = stand_in.make(tmp_path, private_webhooks=True)
    with opened(parts) as client:
        add(client, tmp_path / "film.mp4", receiver)
        log = delivered(client)
    assert log["attempts"] == len(receiver.came) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1


def test_a_receiver_that_fails_too_often_is_given_up_and_may_be_told_anew(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses = [503, 503, 503]
    parts = stand_in.make(tmp_path, private_webhooks=True)
    with opened(parts) as client:
        job = add(client, tmp_path / "film.mp4", receiver, b" ")
        log = delivered(client, "failed")
        assert log["event"] == "job.failed" and "503" in log["error"]["message"]
        assert log["next_attempt_at"] is None and log["ended_at"]
        assert client.get("/v1/webhooks/deliveries", params={"job": "other"}).json() == []
        assert [one["id"] for one in client.get("/v1/jobs").json()] == [job["id"]]
        assert client.post(f"/v1/jobs/{log['id']}/retry").status_code == 202
        assert delivered(client)["id"] == log["id"]


def test_a_receiver_that_wants_no_more_is_not_asked_again(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses = [410]
    parts = stand_in.make(tmp_path, private_webhooks=True)
    with opened(parts) as client:
        add(client, tmp_path / "film.mp4", receiver)
        assert delivered(client, "failed")["attempts"] == 1


def test_a_notice_outlives_the_server(tmp_path: Path, receiver: Receiver) -> None:
    parts = stand_in.make(tmp_path, private_webhooks=True)
    add(opened(parts), tmp_path / "film.mp4", receiver)  # a server whose workers were not started
    while parts.longreel.worker.run_one():
        pass
    assert receiver.came == []
    with opened(parts) as client:
        assert delivered(client)["event"] == "job.finished"


def test_a_batch_tells_its_own_end_and_not_that_of_its_parts(tmp_path: Path, receiver: Receiver) -> None:
    parts = stand_in.make(tmp_path, private_webhooks=True)
    parts.add(b"one", "One")
    asked = {"videos": ["One"], "length": "line", "webhook": {"url": receiver.url, "secret": SECRET}}
    with opened(parts) as client:
        batch = client.post("/v1/batches", json=asked).json()
        assert delivered(client)["job_id"] == batch["id"]
    assert len(receiver.came) == 1


def test_an_upload_may_name_a_webhook(tmp_path: Path, receiver: Receiver) -> None:
    parts = stand_in.make(tmp_path, private_webhooks=True)
    with opened(parts) as client:
        hook = json.dumps({"url": receiver.url, "secret": SECRET})
        files = {"file": ("film.mp4", b"film")}
        assert client.post("/v1/videos", data={"webhook": hook}, files=files).status_code == 202
        assert delivered(client)["status"] == 204


def test_one_address_may_hear_of_all_jobs(tmp_path: Path, receiver: Receiver) -> None:
    parts = stand_in.make(tmp_path, private_webhooks=True, webhook_url=receiver.url, webhook_secret=SecretStr(SECRET))
    (tmp_path / "film.mp4").write_bytes(b"film")
    with opened(parts) as client:
        client.post("/v1/videos", json={"path": str(tmp_path / "film.mp4")})
        assert delivered(client)["url"] == receiver.url
    assert receiver.came[0][0]["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize(
    ("url", "secret", "told"),
    [
        ("http://127.0.0.1:9/hook", SECRET, "private network"),
        ("http://[::1]/", SECRET, "private network"),
        ("file:///etc/passwd", SECRET, "address"),
        ("https://example.org/hook", "hunter2", "secret"),
        ("https://example.org/hook", "whsec_c2hvcnQ=", "secret"),
        ("https://example.org/hook", "whsec_" + "A" * 33, "secret"),
    ],
)
def test_a_webhook_that_cannot_be_used_is_refused_at_once(tmp_path: Path, url: str, secret: str, told: str) -> None:
    parts = stand_in.make(tmp_path)
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    asked = {"path": str(film), "webhook": {"url": url, "secret": secret}}
    answer = opened(parts).post("/v1/videos", json=asked)
    assert answer.status_code == 422 and told in answer.json()["detail"]
    assert secret not in answer.text
    assert parts.longreel.jobs.list() == []


def test_a_webhook_in_the_settings_must_be_usable(tmp_path: Path) -> None:
    for server in (
        Server(webhook_url="https://example.org/hook"),
        Server(webhook_url="http://localhost/hook", webhook_secret=SecretStr(SECRET)),
    ):
        with pytest.raises(BadSettings, match=r"webhook|network"):
            WebhookService(SqlJobStore(MemoryDatabase()), server, Seal(tmp_path / "secrets.key"))
