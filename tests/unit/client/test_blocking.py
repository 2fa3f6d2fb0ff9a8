"""The client that waits needs no event loop, and does not mind one."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.client import Longreel
from app.client.blocking import waits
from app.client.calls import Calls
from app.core.errors import BadInput, NotFound
from app.core.requests import AskRequest

PROBLEM = {"type": "x", "title": "x", "status": 404, "detail": "There is none.", "code": "not_found"}
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
        pulse = longreel.ask_pulse(AskRequest("Why?"))
        assert next(pulse) is None
        assert not stream.closed
        pulse.close()
        assert stream.closed


def test_a_video_cannot_be_saved_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with Longreel(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b"film"))) as longreel:
        for place in (tmp_path / "file" / "copy.mp4", tmp_path / "none" / "copy.mp4"):
            with pytest.raises(BadInput, match="cannot be written"):
                longreel.download("talk", place)


def test_a_call_that_would_wait_for_an_event_loop_is_found_out() -> None:
    async def sleeps(_: Calls) -> None:
        await asyncio.sleep(0)

    with Longreel() as longreel, pytest.raises(AssertionError, match="event loop"):
        waits(sleeps)(longreel)


def test_no_name_leads_a_call_to_another_place() -> None:
    asked: list[str] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.raw_path.decode()}")
        return httpx.Response(404, json=PROBLEM)

    with Longreel(transport=httpx.MockTransport(reply)) as longreel:
        for name in ("..", ".", "a/b", "\ud800"):
            with pytest.raises(NotFound):
                longreel.uncollect(name, "film")
        for call in (longreel.uncollect, longreel.collect):
            with pytest.raises(BadInput, match="empty"):
                call("Lectures", "")
        with pytest.raises(BadInput, match="empty"):
            longreel.delete("")
        with pytest.raises(BadInput, match="half of a character"):
            longreel.ask("Why \ud800?")
    names = ("%2E%2E", "%2E", "a%2Fb", "%3F")
    assert asked == [f"DELETE /v1/collections/{name}/videos/film" for name in names]


def test_a_file_whose_name_is_no_utf_8_is_uploaded(tmp_path: Path) -> None:
    film = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    film.write_bytes(b"film")
    sent: list[bytes] = []

    def reply(request: httpx.Request) -> httpx.Response:
        sent.append(request.read())
        return httpx.Response(404, json=PROBLEM)

    with Longreel(transport=httpx.MockTransport(reply)) as longreel, pytest.raises(NotFound):
        longreel.upload(film)
    assert b'filename="caf?.mp4"' in sent[0]
