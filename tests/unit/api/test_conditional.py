"""What did not change is not sent again."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest
from fastapi.testclient import TestClient

from tests.unit.api.stand_in import StandIn


@pytest.mark.parametrize("rest", ["", "/{}", "/{}/segments", "/{}/transcript", "/{}/chapters", "/{}/summary"])
def test_json_that_the_caller_has_costs_no_body(client: TestClient, parts: StandIn, rest: str) -> None:
    address = "/v1/videos" + rest.format(parts.add().id)
    first = client.get(address)
    assert first.headers["etag"].startswith('W/"') and first.headers["cache-control"] == "private, no-cache"
    again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == "private, no-cache"
    assert "content-length" not in again.headers and "content-type" not in again.headers


def test_jobs_that_change_have_another_tag(client: TestClient, parts: StandIn) -> None:
    job = parts.longreel.jobs.submit("other", {"title": "x"})
    tag = client.get(f"/v1/jobs/{job.id}").headers["etag"]
    assert client.get(f"/v1/jobs/{job.id}", headers={"If-None-Match": tag}).status_code == 304
    listed = client.get("/v1/jobs").headers["etag"]
    parts.longreel.jobs.cancel(job.id)
    changed = client.get(f"/v1/jobs/{job.id}", headers={"If-None-Match": tag})
    assert changed.status_code == 200 and changed.json()["state"] == "cancelled"
    assert client.get("/v1/jobs", headers={"If-None-Match": listed}).status_code == 200


@pytest.mark.parametrize("known", ["*", 'W/"x", {}', "{strong}", '"x",{strong}'])
def test_any_of_several_tags_will_do_and_weak_ones_compare_as_strong(client: TestClient, known: str) -> None:
    tag = client.get("/v1/videos").headers["etag"]
    sent = known.replace("{strong}", tag.removeprefix("W/")).replace("{}", tag)
    assert client.get("/v1/videos", headers={"If-None-Match": sent}).status_code == 304


@pytest.mark.parametrize("known", ["", '""', "garbage", 'W/"0123"', "ü".encode("latin-1").decode("latin-1")])
def test_other_tags_bring_the_answer(client: TestClient, known: str) -> None:
    answer = client.get("/v1/videos", headers={"If-None-Match": known.encode("latin-1")})
    assert answer.status_code == 200 and answer.json() == []


def test_the_next_page_is_told_with_a_304_too(client: TestClient, parts: StandIn) -> None:
    for number in range(3):
        parts.add(f"film {number}".encode(), f"Film {number}")
    first = client.get("/v1/videos?limit=2")
    again = client.get("/v1/videos?limit=2", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.headers["link"] == first.headers["link"]


def test_problems_and_answers_to_changes_are_never_kept(client: TestClient, parts: StandIn) -> None:
    missing = client.get("/v1/videos/ffffffff", headers={"If-None-Match": "*"})
    assert missing.status_code == 404 and missing.headers["cache-control"] == "no-store"
    assert "etag" not in missing.headers
    parts.add()
    asked = client.post("/v1/ask", json={"question": "Is there a cat?"})
    assert asked.status_code == 200 and asked.headers["cache-control"] == "no-store"


def test_files_keep_their_own_tags_and_streams_have_none(client: TestClient, parts: StandIn) -> None:
    video = parts.add(b"0123456789")
    media = client.get(f"/v1/videos/{video.id}/media")
    assert media.content == b"0123456789" and not media.headers["etag"].startswith("W/")
    thumbnail = client.get(f"/v1/videos/{video.id}/thumbnail")
    assert thumbnail.headers["cache-control"] == "private, max-age=3600" and "etag" in thumbnail.headers
    stream = client.post("/v1/ask", json={"question": "A cat?"}, headers={"Accept": "text/event-stream"})
    assert "etag" not in stream.headers and "answer" in stream.text


def test_an_answer_tells_when_it_was_given(client: TestClient, parts: StandIn) -> None:
    parts.add()
    id = client.post("/v1/ask", json={"question": "Is there a cat?"}).json()["id"]
    saved = client.get(f"/v1/answers/{id}")
    given = datetime.fromisoformat(saved.json()["created_at"])
    assert parsedate_to_datetime(saved.headers["last-modified"]) == given.replace(microsecond=0)
