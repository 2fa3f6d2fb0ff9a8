"""The base of all calls: sends requests, reads streams, and follows work to its end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx

from app.client import following, wire
from app.client.call import Call, nothing, streamed
from app.client.transport import Transport
from app.core.errors import WorkerFailed

Result = TypeVar("Result")


class Caller:
    """Sends requests to one server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def close(self) -> None:
        """Closes the connections."""
        await self._transport.close()

    async def _do(self, call: Call[Result]) -> Result:
        return call.read(await self._send(call.method, call.path, **call.options()))

    async def _all(self, call: Call[list[Any]], limit: int | None = None) -> list[Any]:
        response = await self._send(call.method, call.path, **call.options())
        items = call.read(response)
        while "next" in response.links and (limit is None or len(items) < limit):
            response = await self._send("GET", str(response.url.join(response.links["next"]["url"])))
            items += call.read(response)
        return items[:limit]

    async def _send(self, method: str, url: str, **options: Any) -> httpx.Response:
        with wire.http_errors():
            response = await self._transport.request(method, url, **options)
        return wire.check(response)

    async def _followed(self, path: str, waiting: following.Waiting[Result]) -> AsyncGenerator[Result]:
        """The items of the stream at a path until it ends, reconnecting when the connection is lost."""
        while not waiting.ended:
            lost: WorkerFailed | None = None
            try:
                async with self._events(Call("GET", path, nothing, headers=streamed(waiting.after))) as stream:
                    async for event in stream:
                        item = waiting.take(event)
                        if item is not None:
                            yield item
                        if waiting.ended:
                            return
            except httpx.HTTPError as error:
                lost = wire.unreachable(error)
            except WorkerFailed as error:  # such as the page of a proxy whose server starts again
                lost = error
            await self._transport.pause(waiting.lost(lost))

    @asynccontextmanager
    async def _events(self, call: Call[None]) -> AsyncIterator[AsyncIterator[following.ServerEvent]]:
        async with self._opened(call) as response:
            reader = following.EventReader()
            events = (reader.feed(line) async for line in self._transport.lines(response))
            yield (event async for event in events if event is not None)

    @asynccontextmanager
    async def _opened(self, call: Call[None]) -> AsyncIterator[httpx.Response]:
        """The response, before its body has been read."""
        async with self._transport.opened(call.method, call.path, **call.options()) as response:
            yield wire.check(response)
