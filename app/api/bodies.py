"""How large a request may be that is held in memory, and how slowly any may come.

Files have their own limit of size: they go to disk as they come. A sender that stops or trickles is sent away, so that
no number of them can take all connections for ever.
"""

from __future__ import annotations

import asyncio
import math
import time

import anyio
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.openai_errors import error_response
from app.api.problems import plain_problem

LARGEST = 16_000_000
"""In bytes. A question about ten thousand videos is shorter than a million."""
EVENTS = "/gradio_api/"
LARGEST_EVENT = 100_000
"""Bytes of what the page's framework is sent: a question about a thousand videos. It keeps that of the last 2,000
sessions in memory."""
IDLE_S = 30.0
"""How long a sender may send nothing before its body is complete."""
GRACE_S = 30.0
LEAST_RATE = 1000.0
"""Bytes a second that must have come on average once a body has taken `GRACE_S`."""
DRAIN_S = 5.0
"""How long a body that nobody needs is read on, so that its sender gets to read the answer."""


class _Body:
    """What came of a body so far."""

    def __init__(self, receive: Receive, largest: float, announced: int) -> None:
        self._receive = receive
        self._largest = largest
        self._started = time.monotonic()
        self._size = 0
        self.more = True
        self.is_large = announced > largest
        self.is_slow = False

    async def receive(self) -> Message:
        """The next message; a disconnect in place of what is too much or too slow."""
        if not self.more:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), IDLE_S)
        except TimeoutError:
            self.is_slow = True
            return {"type": "http.disconnect"}
        self._size += len(message.get("body", b""))
        self.more = message.get("more_body", False)
        self.is_large = self.is_large or self._size > self._largest
        passed = time.monotonic() - self._started
        self.is_slow = self.more and passed > GRACE_S and self._size < LEAST_RATE * passed
        return {"type": "http.disconnect"} if self.is_refused else message

    @property
    def is_refused(self) -> bool:
        return self.is_large or self.is_slow


class BodyLimit:
    """ASGI middleware: 413 for a body over `LARGEST`, sent as soon as that is known; 408 for one that is too slow."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts what comes in. For the application, a sender of too much is one that went away."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        largest = LARGEST_EVENT if scope["path"].startswith(EVENTS) else LARGEST
        length = Headers(scope=scope).get("content-length", "")
        announced = int(length) if length.isdecimal() and len(length) < 20 else 0
        body = _Body(receive, math.inf if _is_file(scope) else largest, announced)

        async def send_unless_refused(message: Message) -> None:
            if not body.is_refused:
                await send(message)

        try:
            if not body.is_large:
                await self._app(scope, body.receive, send_unless_refused)
        except ClientDisconnect:
            if not body.is_refused:
                raise
        if body.is_large:
            if body.more:
                await drain(receive)
            most = f"At most {largest / 1e6:g} MB can be sent here."
            await error_response(scope["path"], plain_problem(413, most))(scope, receive, send)
        elif body.is_slow:
            slow = plain_problem(
                408, "The request arrived too slowly.", hint="Send it again, over a faster connection."
            )
            await error_response(scope["path"], slow, {"Connection": "close"})(scope, receive, send)


def _is_file(scope: Scope) -> bool:
    path, kind = scope["path"], Headers(scope=scope).get("content-type", "").lower()
    if path in ("/v1/videos", "/v1/audio/transcriptions"):
        return kind.startswith("multipart/form-data")
    return path.startswith("/v1/uploads/") and kind.startswith("application/offset+octet-stream")


async def drain(receive: Receive) -> None:
    """Reads a body to its end, or for `DRAIN_S`, and forgets it."""
    with anyio.move_on_after(DRAIN_S):
        while (await receive()).get("more_body"):
            pass
