"""What browsers and proxies may store."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

from fastapi.testclient import TestClient

from tests.unit.api.stand_in import StandIn


def test_json_and_problems_are_never_stored(client: TestClient, parts: StandIn) -> None:
    parts.add()
    responses = [
        client.get("/v1/videos"),
        client.get("/v1/videos/ffffffff"),
        client.post("/v1/ask", json={"question": "Is there a cat?"}),
    ]
    assert [response.status_code for response in responses] == [200, 404, 200]
    assert {response.headers["cache-control"] for response in responses} == {"no-store"}


def test_files_have_their_own_tags_and_pictures_may_be_stored_for_an_hour(client: TestClient, parts: StandIn) -> None:
    video = parts.add(b"0123456789")
    media = client.get(f"/v1/videos/{video.id}/media")
    assert media.content == b"0123456789" and "etag" in media.headers
    thumbnail = client.get(f"/v1/videos/{video.id}/thumbnail")
    assert thumbnail.headers["cache-control"] == "private, max-age=3600"


def test_a_stored_answer_has_the_time_of_its_question(client: TestClient, parts: StandIn) -> None:
    parts.add()
    id = client.post("/v1/ask", json={"question": "Is there a cat?"}).json()["id"]
    saved = client.get(f"/v1/answers/{id}")
    created = datetime.fromisoformat(saved.json()["created_at"])
    assert parsedate_to_datetime(saved.headers["last-modified"]) == created.replace(microsecond=0)
