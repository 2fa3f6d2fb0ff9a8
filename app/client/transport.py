"""The two lines to a server: one leaves the waiting to an event loop, one waits itself.

Calls are described once, as coroutines over a line. Over a `SyncTransport` such a coroutine never stops on
its way, so that one step runs it to its end and no event loop is needed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import httpx


class Transport(Protocol):
    """A connection pool to one server. Options are those of httpx's `request`; errors are httpx's."""

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The whole answer."""
        ...

    def opened(self, method: str, url: str, **options: Any) -> AbstractAsyncContextManager[httpx.Response]:
        """The answer with its body still to come; that of an error is read."""
        ...

    def lines(self, response: httpx.Response) -> AsyncIterator[str]:
        """The body of an opened answer, line by line."""
        ...

    def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body of an opened answer as it comes."""
        ...

    async def pause(self, seconds: float) -> None:
        """Lets time pass."""
        ...

    async def close(self) -> None:
        """Gives the connections back."""
        ...


class AsyncTransport:
    """Leaves the waiting to the event loop that runs. `options` are those of `httpx.AsyncClient`."""

    def __init__(self, **options: Any) -> None:
        self._http = httpx.AsyncClient(**options)

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The whole answer."""
        return await self._http.request(method, url, **options)

    @asynccontextmanager
    async def opened(self, method: str, url: str, **options: Any) -> AsyncIterator[httpx.Response]:
        """The answer with its body still to come; that of an error is read."""
        async with self._http.stream(method, url, **options) as response:
            if not response.is_success:
                await response.aread()
            yield response

    def lines(self, response: httpx.Response) -> AsyncIterator[str]:
        """The body of an opened answer, line by line."""
        return response.aiter_lines()

    def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body of an opened answer as it comes."""
        return response.aiter_bytes()

    async def pause(self, seconds: float) -> None:
        """Lets time pass."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Gives the connections back."""
        await self._http.aclose()


class SyncTransport:
    """Waits in the thread that asks; may be shared by threads. `options` are those of `httpx.Client`."""

    def __init__(self, **options: Any) -> None:
        self._http = httpx.Client(**options)

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The whole answer."""
        return self._http.request(method, url, **options)

    @asynccontextmanager
    async def opened(self, method: str, url: str, **options: Any) -> AsyncIterator[httpx.Response]:
        """The answer with its body still to come; that of an error is read."""
        with self._http.stream(method, url, **options) as response:
            if not response.is_success:
                response.read()
            yield response

    async def lines(self, response: httpx.Response) -> AsyncIterator[str]:
        """The body of an opened answer, line by line."""
        for line in response.iter_lines():
            yield line

    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body of an opened answer as it comes."""
        for piece in response.iter_bytes():
            yield piece

    async def pause(self, seconds: float) -> None:
        """Lets time pass."""
        time.sleep(seconds)

    async def close(self) -> None:
        """Gives the connections back."""
        self._http.close()
