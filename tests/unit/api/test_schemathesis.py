"""Requests made from the API's own description never break it, and its answers are as it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckContext, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from gpu_workers.language import server_models
from tests.unit.api.stand_in import StandIn, wait_until


def not_an_inner_fault(context: CheckContext, response: Response, case: Case) -> bool | None:
    """A part that the profile has not is told with 503; nothing else of 500 and above may come."""
    told = response.status_code == 503 and response.json()["code"] == "missing_part"
    return None if told else not_a_server_error(context, response, case)


CHECKS = [
    not_an_inner_fault,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

EXAMPLES = {GenerationMode.POSITIVE: 4, GenerationMode.NEGATIVE: 2}
"""Requests to each operation; wrong ones take longer to make."""
BOUNDED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def only_http(app: ASGIApp) -> ASGIApp:
    """The application without its lifespan, which the client of the test has opened."""

    async def requests(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)

    return requests


def operations(client: TestClient) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    for result in schemathesis.openapi.from_dict(client.get("/v1/openapi.json").json()).get_all_operations():
        yield result.ok()


def things(client: TestClient, parts: StandIn) -> dict[str, str]:
    """Something for each name in an address."""
    video = parts.add().id
    batch = client.post("/v1/batches", json={"videos": [video], "length": "line"}).json()["id"]
    wait_until(lambda: client.get(f"/v1/batches/{batch}").json()["state"] == "finished")
    answer = client.post("/v1/ask", json={"question": "When did the bridge open?", "videos": [video]}).json()["id"]
    job = client.post("/v1/videos", files={"file": ("film.mp4", b"film")}).json()["id"]
    wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "finished")
    return {"video": video, "batch": batch, "answer": answer, "job": job, "model": "longreel"}


def can_be_wrong(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    """Any text may stand in an address; a body and a query have rules."""
    return any(True for _ in operation.body) or any(True for _ in operation.query)


def faults_of(
    client: TestClient, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, known: dict[str, str]
) -> list[str]:
    """What a few requests to one operation found, in words."""
    app = only_http(client.app)
    fixed = {one.name: known[one.name] for one in operation.path_parameters if one.name in known}
    found: list[str] = []

    @settings(BOUNDED, max_examples=EXAMPLES[mode])
    @given(case=operation.as_strategy(mode, path_parameters=fixed or None))
    def send(case: Case) -> None:
        try:
            case.call_and_validate(base_url="http://localhost/v1", app=app, checks=CHECKS)
        except FailureGroup as failures:
            found.append(f"{operation.label}: {failures}")

    send()
    return found


@pytest.mark.parametrize(
    ("mode", "there"),
    [(GenerationMode.POSITIVE, True), (GenerationMode.POSITIVE, False), (GenerationMode.NEGATIVE, True)],
)
def test_requests_made_from_the_description(
    client: TestClient, parts: StandIn, mode: GenerationMode, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Servers at made-up addresses are not asked: no request of a test leaves this machine.
    monkeypatch.setattr(server_models, "_answer", lambda *_: (404, None))
    known = things(client, parts) if there else {}
    found: list[str] = []
    for operation in operations(client):
        if there:
            parts.add()  # also after an operation that deleted it
        if mode is GenerationMode.POSITIVE or can_be_wrong(operation):
            found += faults_of(client, operation, mode, known)
    assert not found, "\n".join(found[:5])
