"""Health, and the login that browsers use."""

from __future__ import annotations

from importlib.metadata import version
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.api.deps import LongreelDep
from app.api.guard import COOKIE, SESSION_S, key_of, new_session, same_key
from app.api.schemas import HealthOut
from app.core.errors import BadInput

router = APIRouter(tags=["server"])

LONGEST_FORM = 10_000


@router.get("/health", summary="Whether the server answers")
def health(longreel: LongreelDep) -> HealthOut:
    """Needs no model and no store."""
    return HealthOut(version=version("longreel"), profile=longreel.settings.profile)


@router.post("/session", include_in_schema=False)
async def log_in(request: Request, longreel: LongreelDep) -> Response:
    """Takes the key from the login form and gives the browser a cookie for it."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_FORM:
            raise BadInput("The form is too long.")
    given = parse_qs(body.decode("utf-8", "replace")).get("key", [""])[0]
    key = key_of(longreel.settings.server)
    if key and not same_key(given.strip(), key):
        return HTMLResponse(request.app.state.login_page("This is not the server's key."), 401)
    answer = RedirectResponse("/", 303)
    if key:
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, new_session(key), SESSION_S, httponly=True, samesite="lax", secure=secure)
    return answer
