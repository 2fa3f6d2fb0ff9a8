"""Collections, tags, titles and the bin over HTTP."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.unit.api.stand_in import StandIn, wait_until


def titles(client: TestClient, query: str = "") -> list[str]:
    return sorted(video["title"] for video in client.get(f"/v1/videos{query}").json())


def test_a_collection_is_made_renamed_filled_and_deleted(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    made = client.post("/v1/collections", json={"name": " Old   films "})
    assert (made.status_code, made.json()["name"], made.json()["size"]) == (201, "Old films", 0)
    place = f"/v1/collections/{made.json()['id']}"
    assert client.put(f"{place}/videos/{video.id}").json()["size"] == 1
    assert client.put("/v1/collections/old FILMS/videos/Harbour").json()["size"] == 1
    assert client.patch(place, json={"name": "Films"}).json()["name"] == "Films"
    assert client.get(f"/v1/videos/{video.id}").json()["tags"] == ["Films"]
    assert client.delete(f"{place}/videos/{video.id}").json()["size"] == 0
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404
    assert titles(client) == ["Harbour"]


@pytest.mark.parametrize("name", ["", "  ", "a/b", "x" * 101, "LECTURES"])
def test_a_name_that_is_taken_or_none_is_refused(client: TestClient, name: str) -> None:
    client.post("/v1/collections", json={"name": "Lectures"})
    assert client.post("/v1/collections", json={"name": name}).status_code == 422


def test_videos_are_listed_by_collection_and_by_tags(client: TestClient, parts: StandIn) -> None:
    one, two = parts.add(b"one", "One"), parts.add(b"two", "Two")
    parts.add(b"three", "Three")
    assert client.patch(f"/v1/videos/{one.id}", json={"tags": ["a", "b"]}).json()["tags"] == ["a", "b"]
    client.patch(f"/v1/videos/{two.id}", json={"tags": ["A"]})
    assert titles(client, "?collection=a") == ["One", "Two"]
    assert titles(client, "?tag=a&tag=B") == ["One"]
    assert titles(client, "?tag=unknown") == []
    assert client.get("/v1/videos?collection=unknown").status_code == 404


def test_a_title_can_be_changed_and_the_rest_stays(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    client.patch(f"/v1/videos/{video.id}", json={"tags": ["a"]})
    changed = client.patch(f"/v1/videos/{video.id}", json={"title": " The  bridge "}).json()
    assert (changed["title"], changed["tags"]) == ("The bridge", ["a"])
    assert client.patch(f"/v1/videos/{video.id}", json={"title": "   "}).status_code == 422
    assert client.patch("/v1/videos/nope", json={"title": "x"}).status_code == 404


def test_a_collection_is_asked_searched_and_summarized(client: TestClient, parts: StandIn) -> None:
    one = parts.add(b"one", "One")
    parts.add(b"two", "Two")
    client.patch(f"/v1/videos/{one.id}", json={"tags": ["Harbours"]})
    question = {"question": "When did the bridge open?", "collection": "harbours"}
    cited = client.post("/v1/ask", json=question).json()["citations"]
    assert [citation["video_id"] for citation in cited] == [one.id]
    found = client.get("/v1/search?q=bridge&collection=Harbours").json()
    assert found and {moment["video_id"] for moment in found} == {one.id}
    batch = client.post("/v1/batches", json={"collection": "Harbours"}).json()
    assert (batch["total"], batch["children"][0]["title"]) == (1, "One")


def test_an_empty_collection_is_not_the_whole_library(client: TestClient, parts: StandIn) -> None:
    parts.add()
    client.post("/v1/collections", json={"name": "Empty"})
    for answer in (
        client.post("/v1/ask", json={"question": "When?", "collection": "Empty"}),
        client.get("/v1/search?q=bridge&collection=Empty"),
        client.post("/v1/batches", json={"collection": "Empty"}),
    ):
        assert answer.status_code == 404
        assert "no videos" in answer.json()["detail"]


def test_an_upload_joins_a_collection_that_is_made_for_it(client: TestClient) -> None:
    client.post("/v1/videos", data={"collection": "New"}, files={"file": ("a.mp4", b"film")})
    wait_until(lambda: titles(client, "?tag=new") == ["a"])
    assert [one["name"] for one in client.get("/v1/collections").json()] == ["New"]


def test_a_deleted_video_is_nowhere_until_it_is_restored(client: TestClient, parts: StandIn) -> None:
    one, two = parts.add(b"one", "One"), parts.add(b"two", "Two")
    client.patch(f"/v1/videos/{one.id}", json={"tags": ["a"]})
    answer = client.post("/v1/ask", json={"question": "When?", "videos": [one.id]}).json()["id"]
    assert client.delete(f"/v1/videos/{one.id}").status_code == 204
    assert titles(client) == ["Two"]
    assert {moment["video_id"] for moment in client.get("/v1/search?q=bridge").json()} == {two.id}
    for gone in (f"/v1/videos/{one.id}", f"/v1/answers/{answer}", f"/v1/videos/{one.id}/media"):
        assert client.get(gone).status_code == 404
    assert client.get("/v1/collections").json()[0]["size"] == 0
    assert [binned["video"]["title"] for binned in client.get("/v1/bin").json()] == ["One"]
    assert client.post("/v1/videos/One/restore").json()["tags"] == ["a"]
    assert client.get(f"/v1/answers/{answer}").status_code == 200
    assert titles(client) == ["One", "Two"]
    assert client.get("/v1/bin").json() == []


def test_a_search_finds_nothing_when_all_videos_are_in_the_bin(client: TestClient, parts: StandIn) -> None:
    client.delete(f"/v1/videos/{parts.add().id}")
    assert client.get("/v1/search?q=bridge").json() == []


def test_the_same_file_again_leaves_the_bin(client: TestClient, parts: StandIn) -> None:
    video = parts.add(b"one", "One")
    client.delete(f"/v1/videos/{video.id}")
    client.post("/v1/videos", files={"file": ("again.mp4", b"one")})
    wait_until(lambda: titles(client) == ["One"])


def test_now_deletes_for_good_and_so_does_the_bin(client: TestClient, parts: StandIn) -> None:
    one, two = parts.add(b"one", "One"), parts.add(b"two", "Two")
    client.delete(f"/v1/videos/{one.id}?now=true")
    assert client.get("/v1/bin").json() == []
    client.delete(f"/v1/videos/{two.id}")
    assert client.delete(f"/v1/bin/{two.id}").status_code == 204
    assert client.get("/v1/bin").json() == []
    assert client.post(f"/v1/videos/{two.id}/restore").status_code == 404
