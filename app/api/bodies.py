"""How large a request may be that is held in memory. Files have their own limit: they go to disk as they come."""

from __future__ import annotations

import anyio
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.openai_errors import error_response
from app.api.problems import plain_problem

LARGEST = 16_000_000
"""In bytes. A question about ten thousand videos is shorter than a million."""
DRAIN_S = 5.0
"""How long a body that nobody needs is read on, so that its sender gets to read the answer."""


class BodyLimit:
    """ASGI middleware: 413 for a body over `LARGEST`, told as soon as it is known."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts what comes in. For the application, a sender of too much is one that went away."""
        if scope["type"] != "http" or _is_file(scope):
            return await self._app(scope, receive, send)
        read, more = 0, False

        async def receive_counted() -> Message:
            nonlocal read, more
            message = await receive()
            read, more = read + len(message.get("body", b"")), message.get("more_body", False)
            return {"type": "http.disconnect"} if read > LARGEST else message

        async def send_unless_refused(message: Message) -> None:
            if read <= LARGEST:
                await send(message)

        try:
            await self._app(scope, receive_counted, send_unless_refused)
        except ClientDisconnect:
            if read <= LARGEST:
                raise
        if read > LARGEST:
            if more:
                await drain(receive)
            most = f"At most {LARGEST / 1e6:g} MB can be sent here."
            await error_response(scope["path"], plain_problem(413, most))(scope, receive, send)


def _is_file(scope: Scope) -> bool:
    path, kind = scope["path"], Headers(scope=scope).get("content-type", "").lower()
    if path == "/v1/videos":
        return kind.startswith("multipart/form-data")
    return path.startswith("/v1/uploads/") and kind.startswith("application/offset+octet-stream")


async def drain(receive: Receive) -> None:
    """Reads a body to its end, or for `DRAIN_S`, and forgets it."""
    with anyio.move_on_after(DRAIN_S):
        while (await receive()).get("more_body"):
            pass
