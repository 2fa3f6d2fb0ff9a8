"""What all calls stand on: sends them over a line, reads streams, follows what goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx

from app.client import following, wire
from app.client.call import Call, nothing, streamed
from app.client.transport import Transport

Result = TypeVar("Result")


class Caller:
    """Speaks to one server over a line."""

    def __init__(self, line: Transport) -> None:
        self._line = line

    async def close(self) -> None:
        """Gives the connections back."""
        await self._line.close()

    async def _do(self, call: Call[Result]) -> Result:
        return call.read(await self._send(call.method, call.path, **call.options()))

    async def _all(self, call: Call[list[Any]], limit: int | None = None) -> list[Any]:
        response = await self._send(call.method, call.path, **call.options())
        found = call.read(response)
        while "next" in response.links and (limit is None or len(found) < limit):
            response = await self._send("GET", response.links["next"]["url"])
            found += call.read(response)
        return found[:limit]

    async def _send(self, method: str, url: str, **options: Any) -> httpx.Response:
        with wire.http_errors():
            response = await self._line.request(method, url, **options)
        return wire.check(response)

    async def _followed(self, path: str, waiting: following.Waiting[Result]) -> AsyncGenerator[Result]:
        """What the stream at a path tells until it ends, over lost connections."""
        while not waiting.ended:
            lost = None
            try:
                async with self._events(Call("GET", path, nothing, headers=streamed(waiting.after))) as stream:
                    async for event in stream:
                        told = waiting.take(event)
                        if told is not None:
                            yield told
                        if waiting.ended:
                            return
            except httpx.HTTPError as error:
                lost = error
            await self._line.pause(waiting.lost(lost))

    @asynccontextmanager
    async def _events(self, call: Call[None]) -> AsyncIterator[AsyncIterator[following.ServerEvent]]:
        async with self._opened(call) as response:
            reader = following.EventReader()
            events = (reader.feed(line) async for line in self._line.lines(response))
            yield (event async for event in events if event is not None)

    @asynccontextmanager
    async def _opened(self, call: Call[None]) -> AsyncIterator[httpx.Response]:
        """The answer with its body still to come."""
        async with self._line.opened(call.method, call.path, **call.options()) as response:
            yield wire.check(response)
