"""Several requests to one server at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def together(requests: Sequence[Callable[[], Awaitable[T]]], at_once: int) -> list[T]:
    """The results of all requests, in order. Once one fails, the others are cancelled."""
    gate = asyncio.Semaphore(at_once)

    async def one(request: Callable[[], Awaitable[T]]) -> T:
        async with gate:
            return await request()

    tasks = [asyncio.ensure_future(one(request)) for request in requests]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
