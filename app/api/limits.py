"""How many requests a caller may send in a minute.

Counted in this process's memory: with several server processes each counts for itself. A caller is
who holds the same credential, or on a server without a key who calls from the same address. Callers
see where they stand in the fields of draft-ietf-httpapi-ratelimit-headers-10.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.guard import LOGIN, credential_of, key_of, peer_of
from app.api.openai_errors import error_response
from app.api.problems import plain_problem
from app.core.settings import Server

WINDOW_S = 60
FREE = ("/v1/health", "/v1/ready")
CALLS = ("/v1/", "/mcp")
"""Where the API and MCP begin; to get anything else is to load the page."""
MANY = 10_000
"""So many callers are remembered before those whose minute is over are forgotten."""


@dataclass
class _Minute:
    """What is left to one caller, and until when."""

    left: int
    ends_at: float


class RateLimit:
    """ASGI middleware: 429 for what is too much, and where the caller stands on every answer."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._app = app
        self._clock = clock
        self._minutes: dict[str, _Minute] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what is not counted: checks of health, and the files of the page."""
        if scope["type"] != "http" or scope["path"] in FREE:
            return await self._app(scope, receive, send)
        if scope["method"] in ("GET", "HEAD") and not scope["path"].startswith(CALLS):
            return await self._app(scope, receive, send)
        server: Server = scope["app"].state.longreel.settings.server
        if not server.requests_per_minute:
            return await self._app(scope, receive, send)
        now, caller = self._clock(), caller_of(scope, server)
        if len(self._minutes) > MANY:
            self._minutes = {name: minute for name, minute in self._minutes.items() if minute.ends_at > now}
        minute = self._minutes.get(caller)
        if minute is None or minute.ends_at <= now:
            minute = self._minutes[caller] = _Minute(server.requests_per_minute, now + WINDOW_S)
        refused = minute.left <= 0
        minute.left = max(0, minute.left - 1)
        wait_s = max(1, math.ceil(minute.ends_at - now))
        standing = {
            "RateLimit-Policy": f'"minute";q={server.requests_per_minute};w={WINDOW_S}',
            "RateLimit": f'"minute";r={minute.left};t={wait_s}',
        }

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(standing)
            await send(message)

        if not refused:
            return await self._app(scope, receive, send_with_headers)
        problem = plain_problem(429, "Too many requests in this minute.", hint=f"Wait {wait_s} s.")
        refusal = error_response(scope["path"], problem, {"Retry-After": str(wait_s)})
        await refusal(scope, receive, send_with_headers)


def caller_of(scope: Scope, server: Server) -> str:
    """Who asks: a credential, or the address where none is needed."""
    checked = key_of(server) and scope["path"] != LOGIN
    credential = credential_of(Headers(scope=scope)) if checked else ""
    return credential or peer_of(scope)
