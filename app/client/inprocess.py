"""Carries the asynchronous client's requests to an application in the same process, without a socket.

Unlike httpx's own transport it passes bodies on piece by piece, so that streams stay streams and the
application notices when a reader goes away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

import httpx

Message = MutableMapping[str, Any]
Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
"""An ASGI application."""

PIECES = 16
"""Pieces of a response that may wait for a slow reader."""


class InProcess(httpx.AsyncBaseTransport):
    """An httpx transport over an ASGI application."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Starts the application on the request; returns once it has sent the headers."""
        exchange = _Exchange(request)
        exchange.task = asyncio.create_task(exchange.run(self._application))
        try:
            first = await exchange.sent.get()
        except BaseException:
            await exchange.aclose()
            raise
        if first is None:
            await exchange.aclose()
            raise httpx.RemoteProtocolError("The application ended without an answer.", request=request)
        return httpx.Response(first["status"], headers=first["headers"], stream=exchange)


class _Exchange(httpx.AsyncByteStream):
    """One request and its response, whose body is the stream."""

    task: asyncio.Task[None]

    def __init__(self, request: httpx.Request) -> None:
        self.sent: asyncio.Queue[Message | None] = asyncio.Queue(PIECES)
        self._request = request
        stream = request.stream
        assert isinstance(stream, httpx.AsyncByteStream)  # the asynchronous client creates no other kind
        self._pieces = aiter(stream)
        self._read = False
        self._gone = asyncio.Event()

    async def run(self, application: Application) -> None:
        """Runs the application to its end, then puts None into the queue."""
        url = self._request.url
        scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.split(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }
        try:
            await application(scope, self._receive, self.sent.put)
        finally:
            with suppress(asyncio.QueueFull):
                self.sent.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # The application may have ended and everything been read, with no room for its final None.
        while not (self.task.done() and self.sent.empty()) and (message := await self.sent.get()) is not None:
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                break
        self._gone.set()
        await self.task

    async def aclose(self) -> None:
        """Stops the application, whose reader is gone."""
        self._gone.set()
        self.task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self.task

    async def _receive(self) -> Message:
        if not self._read:
            async for piece in self._pieces:
                return {"type": "http.request", "body": piece, "more_body": True}
            self._read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}
