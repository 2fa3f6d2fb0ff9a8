"""Health, and the login that browsers use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.metadata import version
from typing import TypeAlias
from urllib.parse import parse_qs

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.api.deps import LongreelDep
from app.api.guard import COOKIE, key_of, peer_of, session_of
from app.api.keys import KeyCheck
from app.api.schemas import HealthOut, ReadyOut
from app.api.sessions import SESSION_S
from app.core.errors import BadInput, LongreelError

router = APIRouter(tags=["server"])

LONGEST_FORM = 10_000
READY_S = 2.0
"""How long a part of the server may take to say that it is ready."""

ReadyChecks: TypeAlias = dict[str, "asyncio.Future[None]"]
"""The last check of each part."""


@router.get("/health", summary="Check whether the server answers")
async def health(longreel: LongreelDep) -> HealthOut:
    """Needs no key. It needs no model, no store and no thread either, so that it never waits."""
    return HealthOut(version=version("longreel"), profile=longreel.settings.profile)


@router.get("/ready", summary="Check whether the server is ready", responses={503: {"model": ReadyOut}})
async def ready(request: Request, longreel: LongreelDep, response: Response) -> ReadyOut:
    """Checks the database, the index and the models, for load balancers and the like. 503 if one of them is not ready.
    Each check may take two seconds, in its own thread.
    """
    names = list(longreel.readiness)
    checks: ReadyChecks = request.app.state.ready_checks
    checked = await asyncio.gather(*(_problem(checks, name, longreel.readiness[name]) for name in names))
    problems = {name: problem for name, problem in zip(names, checked, strict=True) if problem}
    response.status_code = 503 if problems else 200
    return ReadyOut(ready=not problems, problems=problems)


async def _problem(checks: ReadyChecks, name: str, check: Callable[[], None]) -> str:
    """What is wrong with a part. A check that hangs is waited for again, so that it never hangs in two threads."""
    running = checks.get(name)
    if running is None or running.done():
        running = checks[name] = asyncio.ensure_future(run_sync(check, limiter=anyio.CapacityLimiter(1)))
        running.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    try:
        await asyncio.wait_for(asyncio.shield(running), READY_S)
    except TimeoutError:
        return f"It did not answer within {READY_S:g} s."
    except LongreelError as error:
        return str(error)
    return ""


@router.post("/session", include_in_schema=False)
async def log_in(request: Request, longreel: LongreelDep) -> Response:
    """Takes the key from the login form and gives the browser a cookie for it."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_FORM:
            raise BadInput("The form is too long.", "Send only the key.")
    given = parse_qs(body.decode("utf-8", "replace")).get("key", [""])[0]
    key = key_of(longreel.settings.server)
    keys: KeyCheck = request.app.state.keys
    if key and not await keys.is_right(given.strip(), peer_of(request.scope)):
        return HTMLResponse(request.app.state.login_page("This is not the key of this server.", "session"), 401)
    answer = RedirectResponse("/", 303)
    if key:
        secure = request.url.scheme == "https"
        token = request.app.state.sessions.begin()
        answer.set_cookie(COOKIE, token, SESSION_S, httponly=True, samesite="lax", secure=secure)
    return answer


@router.post("/session/end", include_in_schema=False)
def log_out(request: Request) -> Response:
    """Ends the browser's session. Its cookie, and any copy of it, is worthless from now on."""
    request.app.state.sessions.end(session_of(request.headers))
    answer = RedirectResponse("../../", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer
