"""Every operation of the REST API can be called from Python, with either client."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from app.api.application import create_api
from app.api.schemas.schedules import ScheduleChange, ScheduleIn
from app.client import AsyncLongreel, Longreel
from app.core.errors import NotFound
from app.core.requests import AskRequest

ABSENT = {
    "GET /models": "for programs that speak OpenAI's API: use the package openai",
    "GET /models/{model}": "likewise",
    "POST /chat/completions": "likewise",
    "POST /audio/transcriptions": "likewise",
    "GET /ready": "for what sends requests to servers; health and status tell programs",
    "HEAD /uploads/{upload}": "for programs that speak tus; GET tells the same",
}
"""Operations that have no call, and why."""

TOGETHER = {"close", "ingest", "summarize_collection", "wait", "wait_batch"}
"""Calls that only join others."""

BEGUN = {"id": "x", "name": "x", "length": 4, "offset": 0, "job_id": None, "expires_at": None}

GIVEN = {
    "time_s": 1.0,
    "values": {"LONGREEL_BIN_DAYS": 1.0},
    "limit": 10,
    "priority": 1,
    "schedule": ScheduleIn(folder="x", every_s=60),
    "change": ScheduleChange(paused=True),
    "request": AskRequest("x"),
}


def operations() -> dict[str, re.Pattern[str]]:
    paths = create_api(cast("Any", None), str).openapi()["paths"]
    return {
        f"{verb.upper()} {path}": re.compile(f"{verb.upper()} /v1" + re.sub(r"{\w+}", "[^/]+", path))
        for path, calls in paths.items()
        for verb in calls
    }


def answer(asked: list[str]) -> Callable[[httpx.Request], httpx.Response]:
    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        if asked[-1] == "POST /v1/uploads":
            return httpx.Response(201, headers={"Location": "/v1/uploads/x"})
        if asked[-1] == "GET /v1/uploads/x":
            return httpx.Response(200, json=BEGUN)
        problem = {"type": "x", "title": "x", "status": 404, "detail": "Not here.", "code": "not_found"}
        return httpx.Response(404, json=problem)

    return reply


def arguments(call: Callable[..., Any], file: Path) -> dict[str, Any]:
    """Something for each parameter that has no default."""
    needed = [p.name for p in inspect.signature(call).parameters.values() if p.default is p.empty]
    return {name: file if name == "path" else GIVEN.get(name, "x") for name in needed}


def calls_of(client: object) -> list[Callable[..., Any]]:
    return [call for name, call in inspect.getmembers(client, inspect.ismethod) if name[0] != "_"]


def ask_all_waiting(asked: list[str], file: Path) -> None:
    with Longreel(transport=httpx.MockTransport(answer(asked))) as longreel:
        for call in calls_of(longreel):
            if call.__name__ not in TOGETHER:
                with suppress(NotFound):
                    result = call(**arguments(call, file))
                    if isinstance(result, Generator):
                        next(result)


def ask_all_together(asked: list[str], file: Path) -> None:
    async def main() -> None:
        async with AsyncLongreel(transport=httpx.MockTransport(answer(asked))) as longreel:
            for call in calls_of(longreel):
                if call.__name__ not in TOGETHER:
                    with suppress(NotFound):
                        result = call(**arguments(call, file))
                        await (anext(result) if inspect.isasyncgen(result) else result)

    asyncio.run(main())


@pytest.mark.parametrize("ask_all", [ask_all_waiting, ask_all_together])
def test_every_operation_has_a_call_or_a_reason(ask_all: Callable[[list[str], Path], None], tmp_path: Path) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(b"film")
    asked: list[str] = []
    ask_all(asked, file)
    described = operations()
    called = {name for name, pattern in described.items() if any(pattern.fullmatch(one) for one in asked)}
    assert [one for one in asked if not any(pattern.fullmatch(one) for pattern in described.values())] == []
    assert called == set(described) - set(ABSENT)
    assert set(ABSENT) <= set(described)
