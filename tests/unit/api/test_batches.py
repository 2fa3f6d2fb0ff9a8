"""Batches and exports over HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.main import create_app
from tests.unit.api.stand_in import StandIn, make, wait_until


@pytest.fixture
def product(tmp_path: Path) -> StandIn:
    return make(tmp_path)


def opened(product: StandIn) -> TestClient:
    return TestClient(create_app(product.longreel.settings, product.longreel, page=False), base_url="http://localhost")


def test_a_batch_is_queued_followed_and_fetched(product: StandIn) -> None:
    first, second = product.add(b"one", "One"), product.add(b"two", "Two")
    asked = {"videos": [first.id, "Two", "missing"], "questions": ["Is there a cat?"], "length": "line"}
    with opened(product) as client:
        made = client.post("/v1/batches", json={**asked, "formats": ["md", "html"]})
        assert made.status_code == 202
        batch = made.json()
        assert (batch["total"], batch["cost"]["new"], batch["cost"]["known_s"]) == (3, 0, 40.0)
        place = made.headers["location"]
        with client.stream("GET", f"{place}/events") as stream:
            events = [line for line in stream.iter_lines() if line.startswith(("event:", "data:"))]
        assert events[-2] == "event: end"
        end = json.loads(events[-1].removeprefix("data: "))
        assert (end["state"], end["finished"], end["failed"], end["done_share"]) == ("finished", 2, 1, 1.0)
        assert [child["state"] for child in end["children"]] == ["finished", "finished", "failed"]
        assert client.get(place).json()["children"][2]["error"]["code"] == "not_found"
        packed = zipfile.ZipFile(io.BytesIO(client.get(f"{place}/results").content))
        assert {f"Two-{second.id[:8]}.md", f"One-{first.id[:8]}.html", "overview.html"} <= set(packed.namelist())
        assert [one["id"] for one in client.get("/v1/batches").json()] == [batch["id"]]


def test_a_cancelled_batch_has_no_results_and_can_be_tried_again(product: StandIn, tmp_path: Path) -> None:
    product.add(b"one", "One")
    client = opened(product)  # without its workers
    place = client.post("/v1/batches", json={"videos": ["One"]}).headers["location"]
    cancelled = client.delete(place).json()
    assert cancelled["state"] == "cancelled"
    assert [child["state"] for child in cancelled["children"]] == ["cancelled"]
    assert client.get(f"{place}/results").status_code == 404
    again = client.post(f"{place}/retry")
    assert again.status_code == 202
    assert [child["state"] for child in again.json()["children"]] == ["queued"]
    with client:
        wait_until(lambda: client.get(place).json()["state"] == "finished")
        assert client.get(f"{place}/results").status_code == 200


def test_a_dismissed_batch_leaves_the_list_unless_it_has_results(product: StandIn) -> None:
    product.add(b"one", "One")
    with opened(product) as client:
        made = client.post("/v1/batches", json={"videos": ["One", "missing"], "formats": ["md"]})
        place, id = made.headers["location"], made.json()["id"]
        for child in made.json()["children"]:
            wait_until(lambda id=child["id"]: client.post(f"/v1/jobs/{id}/dismiss").status_code == 200)
        wait_until(lambda: client.get(place).json()["state"] == "finished")
        ended = client.get(place).json()
        assert (ended["finished"], ended["failed"]) == (1, 1)
        assert client.post(f"/v1/jobs/{id}/dismiss").status_code == 200
        assert client.get("/v1/jobs").json() == []
        assert [one["id"] for one in client.get("/v1/batches").json()] == [id]
        assert client.get(f"{place}/results").status_code == 200
    client = opened(product)  # without its workers
    other = client.post("/v1/batches", json={"videos": ["One"]}).json()["id"]
    client.delete(f"/v1/batches/{other}")
    assert client.post(f"/v1/jobs/{other}/dismiss").status_code == 200
    assert [one["id"] for one in client.get("/v1/batches").json()] == [id]
    client.post(f"/v1/batches/{other}/retry")
    assert [one["id"] for one in client.get("/v1/batches").json()] == [other, id]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"videos": []}, {"videos": ["a"], "length": "novel"}, {"videos": ["a"], "formats": ["pdf"]},
     {"videos": ["a"], "language": "German"}, {"videos": ["a"], "more": 1}],
)  # fmt: skip
def test_a_wrong_request_is_refused(product: StandIn, wrong: dict[str, object]) -> None:
    answer = opened(product).post("/v1/batches", json=wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_server_with_a_key_takes_no_paths_of_its_files(tmp_path: Path) -> None:
    product = make(tmp_path, api_key=SecretStr("secret-key-of-this-test"))
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    client = opened(product)
    headers = {"Authorization": "Bearer secret-key-of-this-test"}
    answer = client.post("/v1/batches", json={"videos": [str(film)]}, headers=headers)
    assert answer.status_code == 422
    assert "does not accept paths" in answer.json()["detail"]


def test_another_kind_of_job_is_no_batch(product: StandIn) -> None:
    job = product.longreel.jobs.submit("ingest", {"path": "/a.mp4"})
    assert opened(product).get(f"/v1/batches/{job.id}").status_code == 404


def test_a_video_is_exported_with_links_to_this_server(product: StandIn) -> None:
    video = product.add()
    client = opened(product)
    page = client.get(f"/v1/videos/{video.id}/export", params={"format": "html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "attachment" in page.headers["content-disposition"]
    assert f'src="{client.base_url}/v1/videos/{video.id}/media"' in page.text
    markdown = client.get(f"/v1/videos/{video.id}/export", params={"format": "md"}).text
    assert f"{client.base_url}/?video={video.id}&t=" in markdown
    edl = client.get(f"/v1/videos/{video.id}/export", params={"format": "edl"}).text
    assert "FCM: NON-DROP FRAME" in edl
    wrong = client.get(f"/v1/videos/{video.id}/export", params={"format": "pdf"})
    assert wrong.status_code == 422
    assert "fcpxml" in wrong.json()["hint"]
