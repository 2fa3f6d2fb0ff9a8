"""Two transports to a server: one for an event loop, and one that blocks.

Calls are described once, as coroutines. Over a `SyncTransport` such a coroutine never suspends, so that
one step runs it to its end and no event loop is needed.
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
        """The whole response."""
        ...

    def opened(self, method: str, url: str, **options: Any) -> AbstractAsyncContextManager[httpx.Response]:
        """The response before its body has been read; the body of an error is read."""
        ...

    def lines(self, response: httpx.Response) -> AsyncIterator[str]:
        """The body of an opened response, line by line."""
        ...

    def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body of an opened response as it arrives."""
        ...

    async def pause(self, seconds: float) -> None:
        """Waits."""
        ...

    async def close(self) -> None:
        """Closes the connections."""
        ...


class AsyncTransport:
    """Waits in the running event loop. `options` are those of `httpx.AsyncClient`."""

    def __init__(self, **options: Any) -> None:
        self._http = httpx.AsyncClient(**options)

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The whole response."""
        return await self._http.request(method, url, **options)

    @asynccontextmanager
    async def opened(self, method: str, url: str, **options: Any) -> AsyncIterator[httpx.Response]:
        """The response before its body has been read; the body of an error is read."""
        async with self._http.stream(method, url, **options) as response:
            if not response.is_success:
                await response.aread()
            yield response

    def lines(self, response: httpx.Response) -> AsyncIterator[str]:
        """The body of an opened response, line by line."""
        return response.aiter_lines()

    def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body of an opened response as it arrives."""
        return response.aiter_bytes()

    async def pause(self, seconds: float) -> None:
        """Waits."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()


class SyncTransport:
    """Blocks the calling thread; threads may share it. `options` are those of `httpx.Client`."""

    def __init__(self, **options: Any) -> None:
        self._http = httpx.Client(**options)

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The whole response."""
        return self._http.request(method, url, **options)

    @asynccontextmanager
    async def opened(self, method: str, url: str, **options: Any) -> AsyncIterator[httpx.Response]:
        """The response before its body has been read; the body of an error is read."""
        with self._http.stream(method, url, **options) as response:
            if not response.is_success:
                response.read()
            yield response

    async def lines(self, response: httpx.Response) -> AsyncIterator[str]:
        """The body of an opened response, line by line."""
        for line in response.iter_lines():
            yield line

    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body of an opened response as it arrives."""
        for piece in response.iter_bytes():
            yield piece

    async def pause(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)

    async def close(self) -> None:
        """Closes the connections."""
        self._http.close()
