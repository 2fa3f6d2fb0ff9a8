"""The API over a real socket: what needs a connection that can break."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.unit.api.stand_in import StandIn, wait_until

MEGABYTE = bytes(1_000_000)


def test_a_reader_that_goes_away_cancels_its_question(parts: StandIn, address: str) -> None:
    parts.add()
    asked = {"question": "What about eternity?"}
    with httpx.stream("POST", f"{address}/v1/ask", json=asked, headers={"Accept": "text/event-stream"}) as stream:
        assert next(stream.iter_lines()) == "id: 1"
    assert parts.agent.stopped.wait(20)


def test_a_caller_that_goes_away_cancels_its_question(parts: StandIn, address: str) -> None:
    parts.add()
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{address}/v1/ask", json={"question": "What about eternity?"}, timeout=1.0)
    assert parts.agent.stopped.wait(20)


def test_the_server_answers_others_while_it_thinks(parts: StandIn, address: str) -> None:
    parts.add()
    asked = {"question": "What about eternity?"}
    with httpx.stream("POST", f"{address}/v1/ask", json=asked, headers={"Accept": "text/event-stream"}) as stream:
        next(stream.iter_lines())
        assert httpx.get(f"{address}/v1/health", timeout=20).status_code == 200


def test_a_large_upload_flows_to_disk_without_filling_the_memory(parts: StandIn, address: str) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.mp4"\r\n\r\n'
    sizes: list[int] = []

    def body() -> Iterator[bytes]:
        yield head
        for _ in range(150):
            yield MEGABYTE
            sizes.append(psutil.Process().memory_info().rss)
        yield b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = httpx.post(f"{address}/v1/videos", content=body(), headers=headers, timeout=60)
    assert answer.status_code == 202
    stored = Path(parts.longreel.jobs.get(answer.json()["id"]).payload["path"])
    assert stored.stat().st_size == 150_000_000
    assert max(sizes) - sizes[5] < 40_000_000


def files_below(folder: Path) -> list[str]:
    """The names of all files; a folder that goes away meanwhile holds none, where `rglob` would raise."""
    return [name for _, _, names in os.walk(folder) for name in names]


def test_an_upload_that_is_cut_off_leaves_nothing(parts: StandIn, address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(
            b"POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + MEGABYTE
        )
        uploads = parts.longreel.settings.data / "uploads"
        wait_until(lambda: ".incoming" in files_below(uploads))
    wait_until(lambda: files_below(uploads) == [])
    assert parts.longreel.jobs.list() == []


def test_events_of_a_job_arrive_while_it_runs(parts: StandIn, address: str) -> None:
    parts.reader.hold.clear()
    id = httpx.post(f"{address}/v1/videos", files={"file": ("a.mp4", b"film")}).json()["id"]
    kinds = []
    with httpx.stream("GET", f"{address}/v1/jobs/{id}/events", timeout=10) as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kinds.append(line.removeprefix("event: "))
            if line == "event: stage_progress":
                parts.reader.hold.set()
    assert kinds[-2:] == ["stage_progress", "end"]
