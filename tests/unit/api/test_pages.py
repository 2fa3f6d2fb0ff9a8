from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from app.api.pages import page
from app.core.errors import BadInput
from tests.unit.api.stand_in import StandIn


def walked(client: TestClient, address: str) -> list[list[str]]:
    pages = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        pages.append([one["id"] for one in answer.json()])
        link = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("link", ""))
        address = link[1] if link else ""
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [id for one in pages for id in one]


def test_following_the_links_gives_every_video_once(client: TestClient, parts: StandIn) -> None:
    for number in range(5):
        parts.add(f"film {number}".encode(), f"Film {number}")
    everything = [one["id"] for one in client.get("/v1/videos").json()]
    pages = walked(client, "/v1/videos?limit=2")
    assert [len(one) for one in pages] == [2, 2, 1]
    assert flat(pages) == everything
    assert "link" not in client.get("/v1/videos").headers
    assert walked(client, "/v1/videos?limit=5") == [everything]


def test_a_filter_stays_on_the_next_page(client: TestClient, parts: StandIn) -> None:
    for title in ("A harbour", "B street", "C harbour", "D harbour"):
        parts.add(title.encode(), title)
    pages = walked(client, "/v1/videos?limit=1&q=HARBOUR&ready=true&language=en")
    assert len(pages) == 3
    assert client.get("/v1/videos?q=nothing").json() == []
    assert client.get("/v1/videos?ready=false").json() == []
    assert client.get("/v1/videos?language=fr").json() == []


def test_segments_come_in_pages_and_windows(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{parts.add().id}/segments"
    everything = [one["id"] for one in client.get(base).json()]
    assert flat(walked(client, f"{base}?limit=2")) == everything
    late = client.get(base, params={"start_s": 15}).json()
    assert late and all(one["end_s"] >= 15 for one in late)


def test_jobs_come_in_pages_and_by_kind(client: TestClient) -> None:
    for number in range(3):
        client.post("/v1/videos", files={"file": (f"{number}.mp4", b"film %d" % number)})
    newest_first = [one["id"] for one in client.get("/v1/jobs").json()]
    assert flat(walked(client, "/v1/jobs?limit=2&kind=ingest")) == newest_first
    assert client.get("/v1/jobs?kind=other").json() == []


@pytest.mark.parametrize("cursor", ["x", "é", "e30", "WzFd", "bnVsbA", "WzEuMCwiYSJd", "W1tdLCJhIl0"])
def test_a_cursor_that_was_made_up_is_refused(client: TestClient, parts: StandIn, cursor: str) -> None:
    parts.add()
    answer = client.get("/v1/videos", params={"cursor": cursor})
    assert answer.status_code == 422 and "cursor" in answer.json()["detail"]


def test_a_list_goes_on_when_the_last_item_was_deleted() -> None:
    items = [(1.0, "a"), (2.0, "b"), (3.0, "c"), (4.0, "d")]
    first, cursor = page(items, lambda item: item, "", 2)
    assert first == items[:2]
    assert page([items[0], *items[2:]], lambda item: item, cursor, 2) == (items[2:], "")
    falling = items[::-1]
    first, cursor = page(falling, lambda item: item, "", 2, descending=True)
    rest = [falling[0], *falling[2:]]
    assert page(rest, lambda item: item, cursor, 9, descending=True) == (falling[2:], "")
    with pytest.raises(BadInput):
        page([("text", "a")], lambda item: item, cursor, 1)


def test_answers_ratings_and_batches_come_in_pages(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    answers = [
        client.post("/v1/ask", json={"question": f"A cat {n}?", "videos": [video.id]}).json()["id"] for n in "abc"
    ]
    assert walked(client, f"/v1/videos/{video.id}/answers?limit=2") == [[answers[2], answers[1]], [answers[0]]]
    for id in answers:
        client.put(f"/v1/answers/{id}/rating", json={"verdict": "right"})
    first = client.get("/v1/ratings?limit=2")
    rest = client.get(first.links["next"]["url"])
    rated = [one["answer_id"] for one in [*first.json(), *rest.json()]]
    assert sorted(rated) == sorted(answers) and len(first.json()) == 2
    batches = [
        client.post("/v1/batches", json={"videos": [video.id], "questions": [question]}).json()["id"]
        for question in ("Who?", "Where?", "When?")
    ]
    assert walked(client, "/v1/batches?limit=2") == [[batches[2], batches[1]], [batches[0]]]


def test_the_links_of_a_video_that_is_named_by_a_title_of_any_script_lead_on(
    client: TestClient, parts: StandIn
) -> None:
    video = parts.add(title="日本 100% <b>")
    every = client.get(f"/v1/videos/{video.id}/segments").json()
    pages = walked(client, "/v1/videos/%E6%97%A5%E6%9C%AC%20100%25%20%3Cb%3E/segments?limit=2")
    assert flat(pages) == [one["id"] for one in every] and len(pages) > 1
