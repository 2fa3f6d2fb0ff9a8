"""The client for programs with an event loop."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx

from app.client import wire
from app.client.calls import Calls
from app.client.transport import AsyncTransport


class AsyncLongreel(Calls):
    """A client of one server, for programs with an event loop. A video may be named by its id, the beginning of its id,
    or its title. Every call may raise the LongreelError of the server's response, and WorkerFailed if the server does
    not answer. Bound to one event loop.
    """

    def __init__(
        self, base_url: str = wire.HOME, key: str = "", *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`key` is the server's LONGREEL_SERVER__API_KEY, if it has one."""
        super().__init__(AsyncTransport(**wire.client_options(base_url, key), transport=transport))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
