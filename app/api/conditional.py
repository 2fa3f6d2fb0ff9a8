"""Answers that did not change cost no bytes: ETag and If-None-Match (RFC 9110, section 13).

A tag is a hash of the body, so it changes exactly when the answer does, and it is weak, since the bytes
on the way may be compressed. Streams have no tag, and files bring their own.
"""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REVALIDATED = "private, no-cache"
"""May be kept by the caller, and is asked for again each time."""
NEVER_KEPT = "no-store"
PLAIN = ("application/json", "application/problem+json")


class Conditional:
    """ASGI middleware: tags the answers to GET, and sends 304 instead of one that the caller has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what is no HTTP."""
        if scope["type"] == "http":
            send = _Tagged(scope, send).send
        await self._app(scope, receive, send)


class _Tagged:
    """One answer on its way."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._gets = scope["method"] == "GET"
        self._known = Headers(scope=scope).get("if-none-match", "")
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Holds the headers of an answer back until its body is known."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if self._gets and message["status"] == 200 and "content-length" in headers and "etag" not in headers:
                headers.setdefault("Cache-Control", REVALIDATED)
                self._start = message
                return
            if headers.get("content-type", "").startswith(PLAIN):
                headers.setdefault("Cache-Control", NEVER_KEPT)
        elif self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        tag = hashlib.sha256(self._body).hexdigest()[:32]
        headers = MutableHeaders(scope=start)
        headers["ETag"] = f'W/"{tag}"'
        if _has(self._known, tag):
            start["status"] = 304
            self._body = b""
            for name in ("content-length", "content-type"):
                del headers[name]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body})


def _has(known: str, tag: str) -> bool:
    """Whether a list of tags names this one, by the weak comparison."""
    tags = [one.strip().removeprefix("W/") for one in known.split(",")]
    return "*" in tags or f'"{tag}"' in tags
