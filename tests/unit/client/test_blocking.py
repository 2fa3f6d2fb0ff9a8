"""The client that waits needs no event loop, and does not mind one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import httpx
import pytest

from app.client import Longreel
from app.client.blocking import waits
from app.client.calls import Calls

HEALTH = {"status": "ok", "version": "1", "profile": "offline"}


class Heartbeats(httpx.SyncByteStream):
    def __init__(self) -> None:
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b": still here\n\n"

    def close(self) -> None:
        self.closed = True


def test_it_works_inside_of_a_running_loop_and_from_many_threads() -> None:
    seen: list[str] = []

    def reply(_: httpx.Request) -> httpx.Response:
        seen.append(threading.current_thread().name)
        return httpx.Response(200, json=HEALTH)

    async def notebook() -> None:
        with Longreel(transport=httpx.MockTransport(reply)) as longreel:
            assert longreel.health().version == "1"
            others = [threading.Thread(target=longreel.health, name=f"other {n}") for n in range(8)]
            for other in others:
                other.start()
            for other in others:
                other.join()

    asyncio.run(notebook())
    assert sorted(seen) == sorted(["MainThread", *(f"other {n}" for n in range(8))])


def test_a_stream_that_is_left_closes_its_connection_at_once() -> None:
    stream = Heartbeats()
    with Longreel(transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=stream))) as longreel:
        pulse = longreel.ask_pulse("Why?")
        assert next(pulse) is None
        assert not stream.closed
        pulse.close()
        assert stream.closed


def test_a_call_that_would_wait_for_an_event_loop_is_found_out() -> None:
    async def sleeps(_: Calls) -> None:
        await asyncio.sleep(0)

    with Longreel() as longreel, pytest.raises(AssertionError, match="event loop"):
        waits(sleeps)(longreel)
