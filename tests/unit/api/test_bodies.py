"""How large a request may be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.api import bodies

MOST = 2000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGEST", MOST)


def pieces(size: int) -> Iterator[bytes]:
    yield b'{"question": "'
    for _ in range(size // 100):
        yield b"w" * 100
    yield b'"}'


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "multipart/form-data"}])
def test_a_body_that_is_too_long_is_refused_whether_or_not_it_tells_its_length(
    client: TestClient, headers: dict[str, str]
) -> None:
    sent = {"Content-Type": "application/json", **headers}
    for content in (b"".join(pieces(MOST)), pieces(MOST)):
        refused = client.post("/v1/ask", content=content, headers=sent)
        assert refused.status_code == 413
        assert refused.headers["content-type"] == "application/problem+json"
        assert "MB" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/videos", "application/json"), ("/v1/session", "application/x-www-form-urlencoded")]
)
def test_routes_that_read_the_body_themselves_refuse_it_too(client: TestClient, path: str, kind: str) -> None:
    assert client.post(path, content=pieces(MOST), headers={"Content-Type": kind}).status_code == 413


def test_a_shorter_body_is_read(client: TestClient) -> None:
    read = client.post("/v1/ask", content=pieces(MOST - 200), headers={"Content-Type": "application/json"})
    assert read.status_code not in (400, 413)


def test_programs_for_openai_get_their_own_form(client: TestClient) -> None:
    asked = {"model": "longreel", "messages": [{"role": "user", "content": "w" * MOST}]}
    refused = client.post("/v1/chat/completions", json=asked)
    assert refused.status_code == 413 and refused.json()["error"]["type"] == "invalid_request_error"


def test_files_are_not_counted(client: TestClient) -> None:
    data = bytes(MOST * 2)
    assert client.post("/v1/videos", files={"file": ("film.webm", data, "video/webm")}).status_code == 202
    tus = {"Tus-Resumable": "1.0.0"}
    begun = client.post("/v1/uploads", headers={**tus, "Upload-Length": str(len(data))})
    piece = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert client.patch(begun.headers["location"], content=data, headers=piece).status_code == 204


def test_what_the_pages_framework_keeps_in_memory_is_small(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGEST_EVENT", 500)
    assert client.post("/gradio_api/queue/join", content=b"x" * 501).status_code == 413


def test_a_form_has_few_fields_and_short_headers(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    film = {"file": ("film.webm", b"film", "video/webm")}
    many = client.post("/v1/videos", files=film, data={f"field{n}": "x" for n in range(40)})
    assert many.status_code == 422 and "fields" in many.json()["detail"]
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    long = b"--b\r\nContent-Disposition: form-data; name=" + b"n" * 100_000
    assert client.post("/v1/videos", content=long, headers=boundary).status_code == 422
