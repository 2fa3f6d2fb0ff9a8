"""An application in the same process behaves as one at the other end of a connection."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from app.client.inprocess import PIECES, InProcess


def test_an_application_that_breaks_while_its_answer_waits_to_be_read_ends_the_stream() -> None:
    async def breaks(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(PIECES):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise RuntimeError("broken")

    async def read() -> None:
        transport = InProcess(breaks)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
            client.stream("GET", "/") as response,
        ):
            await asyncio.sleep(0.05)
            with pytest.raises(RuntimeError, match="broken"):
                await asyncio.wait_for(response.aread(), 2)

    asyncio.run(read())
