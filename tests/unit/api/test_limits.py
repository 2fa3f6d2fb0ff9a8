"""How many requests a caller may send in a minute."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi.testclient import TestClient
from pydantic import SecretStr
from starlette.datastructures import State
from starlette.responses import PlainTextResponse
from starlette.types import Scope

from app.api.guard import COOKIE
from app.api.limits import MANY, RateLimit
from app.api.sessions import Sessions
from app.main import create_app
from tests.unit.api import stand_in
from ui.blocks import Scripts

KEY = "a long secret for tests"


def opened(tmp_path: Path, **server: object) -> TestClient:
    parts = stand_in.make(tmp_path, **server)
    return TestClient(create_app(parts.longreel.settings, parts.longreel, page=False), base_url="http://localhost")


def test_without_a_limit_nothing_is_told(client: TestClient) -> None:
    headers = client.get("/v1/videos").headers
    assert "ratelimit" not in headers and "ratelimit-policy" not in headers


def test_a_caller_sees_what_is_left_and_is_refused_after_that(tmp_path: Path) -> None:
    client = opened(tmp_path, requests_per_minute=2)
    first, second, third = (client.get("/v1/videos") for _ in range(3))
    assert [answer.status_code for answer in (first, second, third)] == [200, 200, 429]
    assert first.headers["ratelimit-policy"] == '"minute";q=2;w=60'
    assert first.headers["ratelimit"] == '"minute";r=1;t=60'
    assert second.headers["ratelimit"].startswith('"minute";r=0;t=')
    assert third.headers["content-type"] == "application/problem+json"
    assert third.json()["code"] == "too_many_requests"
    assert 0 < int(third.headers["retry-after"]) <= 60
    assert third.headers["x-content-type-options"] == "nosniff"


def test_health_is_free_and_programs_for_openai_get_their_own_form(tmp_path: Path) -> None:
    client = opened(tmp_path, requests_per_minute=1)
    for _ in range(3):
        assert client.get("/v1/health").status_code == 200
    assert client.get("/v1/models").status_code == 200
    refused = client.get("/v1/models")
    assert refused.status_code == 429 and refused.json()["error"]["type"] == "rate_limit_error"
    assert "retry-after" in refused.headers


def test_loading_the_page_costs_nothing_and_signing_in_does(tmp_path: Path) -> None:
    client = opened(tmp_path, requests_per_minute=1, api_key=SecretStr(KEY))
    assert all("ratelimit" not in client.get(path).headers for path in (f"/{Scripts().path}/main.js", "/login", "/"))
    assert "ratelimit" in client.post("/v1/session", data={"key": "x"}).headers


def test_each_credential_counts_for_itself_but_the_login_for_the_address(tmp_path: Path) -> None:
    client = opened(tmp_path, requests_per_minute=2, api_key=SecretStr(KEY))
    bearer = {"Authorization": f"Bearer {KEY}"}
    session = {"Cookie": f"{COOKIE}={Sessions(KEY, tmp_path / 'ended').begin()}"}
    for headers in (bearer, session):
        assert [client.get("/v1/videos", headers=headers).status_code for _ in range(3)] == [200, 200, 429]
    tries = [client.post("/v1/session", data={"key": "x"}, headers={"Authorization": f"Bearer {n}"}) for n in range(3)]
    assert [answer.status_code for answer in tries] == [401, 401, 429]


class _Application:
    """What the middleware finds in the scope: the settings, and nothing else."""

    def __init__(self, limit: int, tmp_path: Path) -> None:
        self.state = State({"longreel": stand_in.make(tmp_path, requests_per_minute=limit).longreel})


def test_the_minute_begins_with_the_first_request_and_ends_for_each_caller(tmp_path: Path) -> None:
    now = [0.0]
    application = _Application(1, tmp_path)
    inner = RateLimit(PlainTextResponse("ok"), clock=lambda: now[0])

    async def limited(scope: Scope, receive: object, send: object) -> None:
        await inner({**scope, "app": application}, receive, send)  # type: ignore[arg-type]

    here, there = (TestClient(limited, client=(address, 5)) for address in ("10.0.0.1", "10.0.0.2"))
    assert here.get("/v1/videos").status_code == 200
    now[0] = 59.5
    assert here.get("/v1/videos").headers["retry-after"] == "1"
    assert there.get("/v1/videos").status_code == 200
    now[0] = 60.0
    assert [here.get("/v1/videos").status_code, there.get("/v1/videos").status_code] == [200, 429]


def test_callers_of_the_past_are_forgotten(tmp_path: Path) -> None:
    now = [0.0]
    limit = RateLimit(PlainTextResponse("ok"), clock=lambda: now[0])
    scope = {"type": "http", "method": "GET", "path": "/v1/videos", "headers": [], "app": _Application(1, tmp_path)}

    async def ignore(_: object) -> None:
        pass

    async def ask(callers: range) -> None:
        for number in callers:
            await limit({**scope, "client": (str(number), 5)}, ignore, ignore)  # type: ignore[arg-type]

    asyncio.run(ask(range(MANY + 1)))
    assert len(limit._minutes) == MANY + 1
    now[0] = 61.0
    asyncio.run(ask(range(MANY + 1, MANY + 2)))
    assert list(limit._minutes) == [str(MANY + 1)]
