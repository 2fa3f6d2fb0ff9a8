"""A request that is sent twice is carried out once: the header Idempotency-Key.

The answer to the first is kept for a day and given again, also by another server process, when the
same request comes with the same key. Failures are not kept: what failed may be tried again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.bodies import drain
from app.api.openai_errors import error_response
from app.api.problems import plain_problem
from app.api.schemas import problem_of
from app.core.errors import BadInput, LongreelError
from app.core.replies import HELD_S, Earlier, ReplyStore, StoredReply

logger = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255
RETRY_S = 2
"""When to come back while the first request is at work."""
STREAMED = "text/event-stream"


class Idempotency:
    """ASGI middleware over POST: keeps answers by their keys, in the store of the application's state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what has no key, and streams, which are not kept."""
        headers = Headers(scope=scope) if scope["type"] == "http" and scope["method"] == "POST" else Headers()
        key = headers.get(HEADER)
        if key is None or STREAMED in headers.get("accept", ""):
            return await self._app(scope, receive, send)
        try:
            _check(key)
            body, receive = await _read(headers, receive)
            request = _fingerprint(scope, headers, body)
            once = _Once(scope["app"].state.longreel.replies, key)
            earlier = await once.begin(request)
        except LongreelError as error:
            return await error_response(scope["path"], problem_of(error))(scope, receive, send)
        if earlier is None:
            return await once.run(self._app, scope, receive, send)
        if body is None:
            await drain(receive)
        await _again(scope["path"], earlier, request)(scope, receive, send)


class _Once:
    """One request that holds its key."""

    def __init__(self, replies: ReplyStore, key: str) -> None:
        self._replies = replies
        self._key = key
        self._owner = uuid.uuid4().hex

    async def begin(self, request: str) -> Earlier | None:
        """Takes the key, or returns the request that has it."""
        return await run_in_threadpool(self._replies.begin, self._key, request, self._owner)

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs the application, and keeps its answer before the last of it goes out."""
        start: Message = {}
        body = b""
        kept = False

        async def keep_and_send(message: Message) -> None:
            nonlocal body, kept
            if message["type"] == "http.response.start":
                start.update(message)
            elif _is_worth_keeping(start):
                body += message.get("body", b"")
                if not message.get("more_body"):
                    kept = await self._try(self._replies.keep, _reply(start, body))
            await send(message)

        try:
            async with self._held():
                await app(scope, receive, keep_and_send)
        finally:
            if not kept:
                with anyio.CancelScope(shield=True):
                    await self._try(self._replies.drop)

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        """Renews the hold on the key while the block runs."""
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewing.cancel()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(HELD_S / 3)
            await self._try(self._replies.renew)

    async def _try(self, change: Callable[..., None], *given: StoredReply) -> bool:
        """Changes what the store has of the key. A store that fails does not spoil an answer that was made."""
        try:
            await run_in_threadpool(change, self._key, self._owner, *given)
        except LongreelError as error:
            logger.warning("A response could not be stored: %s", error, extra={"action": "reply_store_failed"})
            return False
        return True


def _check(key: str) -> None:
    if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise BadInput(f"The {HEADER} cannot be used.", f"Give 1 to {LONGEST} printable ASCII characters.")


async def _read(headers: Headers, receive: Receive) -> tuple[bytes | None, Receive]:
    """The body and a way to read it again; None for bodies that are too large to hold, which are uploads."""
    if headers.get("content-type", "application/json").partition(";")[0].strip().lower() != "application/json":
        return None, receive
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    unread = [{**message, "body": body}]

    async def receive_again() -> Message:
        return unread.pop() if unread else await receive()

    return body, receive_again


def _fingerprint(scope: Scope, headers: Headers, body: bytes | None) -> str:
    """What makes two requests the same: address and body; of an upload address and length only."""
    sent = f"length {headers.get('content-length', '')}".encode() if body is None else body
    return hashlib.sha256(b"\n".join((scope["path"].encode(), scope["query_string"], sent))).hexdigest()


def _is_worth_keeping(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return 200 <= start["status"] < 300 and not kind.startswith(STREAMED)


def _reply(start: Message, body: bytes) -> StoredReply:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return StoredReply(start["status"], headers, body)


def _again(path: str, earlier: Earlier, request: str) -> Response:
    if earlier.request != request:
        used = BadInput(f"This {HEADER} was used for another request.", "Use a new key for each request.")
        return error_response(path, problem_of(used))
    if earlier.reply is None:
        problem = plain_problem(
            409, "The first request with this key is still running.", "at_work", "Send it again in a moment."
        )
        return error_response(path, problem, {"Retry-After": str(RETRY_S)})
    answer = Response(earlier.reply.body, earlier.reply.status)
    answer.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in earlier.reply.headers]
    answer.headers[REPLAYED] = "true"
    return answer
