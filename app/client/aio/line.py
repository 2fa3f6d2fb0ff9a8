"""The line to one server, for programs with an event loop: sends calls, reads streams, follows what goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from app.client import wire
from app.client.calls.call import Call

Result = TypeVar("Result")


class AsyncLine:
    """A connection pool to one server."""

    def __init__(
        self, base_url: str = wire.HOME, key: str = "", *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`key` is the server's LONGREEL_SERVER__API_KEY, if it has one."""
        self._http = httpx.AsyncClient(**wire.client_options(base_url, key), transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Gives the connections back."""
        await self._http.aclose()

    async def _do(self, call: Call[Result]) -> Result:
        return call.read(await self._send(call))

    async def _all(self, call: Call[list[Any]], limit: int | None = None) -> list[Any]:
        response = await self._send(call)
        found = call.read(response)
        while "next" in response.links and (limit is None or len(found) < limit):
            with wire.http_errors():
                response = await self._http.get(response.links["next"]["url"])
            found += call.read(wire.check(response))
        return found[:limit]

    async def _send(self, call: Call[Any]) -> httpx.Response:
        with wire.http_errors():
            response = await self._http.request(call.method, call.path, **call.options())
        return wire.check(response)

    async def _followed(
        self, events: Callable[[int], Call[None]], waiting: wire.Waiting[Result]
    ) -> AsyncGenerator[Result]:
        """What a stream tells until it ends, over lost connections."""
        while not waiting.ended:
            lost = None
            try:
                async with self._events(events(waiting.after)) as stream:
                    async for event in stream:
                        told = waiting.take(event)
                        if told is not None:
                            yield told
                        if waiting.ended:
                            return
            except httpx.HTTPError as error:
                lost = error
            await asyncio.sleep(waiting.lost(lost))

    @asynccontextmanager
    async def _events(self, call: Call[None]) -> AsyncIterator[AsyncIterator[wire.ServerEvent]]:
        async with self._opened(call) as response:
            reader = wire.EventReader()
            events = (reader.feed(line) async for line in response.aiter_lines())
            yield (event async for event in events if event is not None)

    @asynccontextmanager
    async def _opened(self, call: Call[None]) -> AsyncIterator[httpx.Response]:
        """The answer with its body still to come."""
        async with self._http.stream(call.method, call.path, **call.options()) as response:
            if not response.is_success:
                await response.aread()
                wire.check(response)
            yield response
