from __future__ import annotations

from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient

from app.api.schemas import ProblemOut, error_of, problem_of
from app.core import errors
from app.core.events import Failed

KINDS = [errors.BadInput, errors.NotFound, errors.MissingPart, errors.BadSettings, errors.StorageFull, errors.Cancelled]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_wire(kind: type[errors.LongreelError]) -> None:
    problem = problem_of(kind("What happened.", "What to do."))
    assert problem.status == kind.http_status
    back = error_of(Failed(problem.code, problem.detail, problem.hint))
    assert type(back) is kind and str(back) == "What happened. What to do."


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/videos/ffffffff/nothing", 404),
        ("GET", "/v1/nothing%0A", 404),
        ("GET", "/nothing", 404),
        ("PATCH", "/v1/videos", 405),
        ("GET", "/v1/videos/ffffffff", 404),
        ("POST", "/v1/videos", 422),
        ("GET", "/v1/jobs?limit=0", 422),
    ],
)
def test_every_error_is_a_problem_document(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = ProblemOut.model_validate(answer.json())
    assert problem.status == status and problem.code and problem.detail and problem.hint


def test_json_that_is_broken_is_a_problem(client: TestClient) -> None:
    answer = client.post("/v1/ask", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and answer.json()["code"] == "bad_input"


def test_the_description_of_the_api_is_complete(client: TestClient) -> None:
    described = client.get("/v1/openapi.json").json()
    assert described["servers"] == [{"url": "/v1"}]
    wanted = {"/videos", "/videos/{video}", "/videos/{video}/segments", "/videos/{video}/transcript", "/ask", "/health"}
    wanted |= {"/videos/{video}/chapters", "/videos/{video}/summary", "/videos/{video}/media", "/jobs/{job}/events"}
    wanted |= {
        "/videos/{video}/thumbnail",
        "/videos/{video}/frame",
        "/videos/{video}/frames",
        "/search",
        "/jobs",
        "/jobs/{job}",
        "/jobs/{job}/retry",
    }
    wanted |= {"/answers/{answer}", "/answers/{answer}/rating", "/videos/{video}/answers", "/ratings", "/status"}
    assert wanted <= set(described["paths"])
    assert "multipart/form-data" in described["paths"]["/videos"]["post"]["requestBody"]["content"]


@pytest.mark.parametrize("name", ["%00", "x" * 300, "~nobody-of-this-name", "..%2F..%2Fetc%2Fpasswd", "%ff"])
def test_a_name_that_can_be_no_video_is_not_found(client: TestClient, name: str) -> None:
    assert client.get(f"/v1/videos/{name}").status_code == 404
    assert client.get("/v1/search", params={"q": "x", "video": unquote(name)}).status_code == 404
    assert client.get(f"/v1/jobs/{name}").status_code == 404


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/chat/completions"])
def test_a_body_that_is_no_text_is_the_senders_fault(client: TestClient, path: str) -> None:
    answer = client.post(path, content=b"\xff\x00{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and "body" in answer.text


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/chat/completions"])
def test_half_of_a_character_in_a_name_is_told_as_a_question_mark(client: TestClient, path: str) -> None:
    message = (
        '{"model": "longreel", "messages": [{"role": "user", "content": "When?"}], "metadata": {"videos": "\\ud800"}}'
    )
    body = message if path.endswith("completions") else '{"question": "When?", "videos": ["\\ud800"]}'
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 404 and "No video is called ?." in answer.text


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/jobs/x", {"GET", "DELETE"}),
        ("/v1/videos", {"GET", "POST"}),
        ("/v1/uploads/x", {"GET", "HEAD", "OPTIONS", "PATCH", "POST", "DELETE"}),
    ],
)
def test_a_wrong_method_is_told_all_that_are_allowed(client: TestClient, path: str, allowed: set[str]) -> None:
    answer = client.request("PUT", path, headers={"Tus-Resumable": "1.0.0"})
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) >= allowed
