"""The Python client where the server is away, is another one, or the line breaks."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest

from app.api.schemas import JobOut
from app.client import Longreel
from app.core.errors import WorkerFailed
from tests.unit.api.stand_in import StandIn

BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!"


def test_a_server_that_is_not_there_is_told() -> None:
    with Longreel("http://127.0.0.1:9") as client, pytest.raises(WorkerFailed, match="longreel serve"):
        client.videos()
    with Longreel("http://127.0.0.1:9") as client, pytest.raises(WorkerFailed, match="does not answer"):
        client.ask("When?")


def test_a_server_that_is_no_longreel_is_told() -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        line, _ = listening.accept()
        with line:
            line.recv(10_000)
            line.sendall(BAD_GATEWAY)

    thread = threading.Thread(target=answer)
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with Longreel(address) as client, pytest.raises(WorkerFailed, match="status 502"):
        client.videos()
    thread.join()
    listening.close()


@pytest.mark.parametrize(
    "away", [b"", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!"]
)
def test_following_a_job_goes_on_after_a_lost_connection(away: bytes) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    first = b'id: 4\nevent: warned\ndata: {"type": "warned", "message": "a"}\n\n: still here\n\n'
    new = b'id: 5\nevent: of_the_future\ndata: {"type": "of_the_future"}\n\n'
    job = JobOut(
        id="j", kind="ingest", state="finished", title="t", attempts=1, cancel_requested=False, progress=None,
        done_share=None, error=None, result={}, created_at="", started_at=None, finished_at=None,
    )  # fmt: skip
    last = b"id: 6\nevent: end\ndata: " + job.model_dump_json().encode() + b"\n\n"
    asked: list[bytes] = []

    def answer() -> None:
        for reply in (head + first, away, head + new + last):
            line, _ = listening.accept()
            with line:
                asked.append(line.recv(10_000))
                line.sendall(reply)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    with Longreel(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
        assert [type(event).__name__ for event in client.follow("j")] == ["Warned", "JobOut"]
    thread.join()
    listening.close()
    assert [b"last-event-id: 4" in request.lower() for request in asked] == [False, True, True]


def test_waiting_for_a_job_ends_when_the_time_is_up_though_the_server_is_away() -> None:
    started = time.monotonic()
    with Longreel("http://127.0.0.1:9") as client, pytest.raises(WorkerFailed, match="does not answer"):
        client.wait("j", timeout_s=1.0)
    assert time.monotonic() - started < 5.0


class Breaking(httpx.HTTPTransport):
    """A line that breaks at every second piece, once before and once after it arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.pieces += request.method == "PATCH"
        if request.method == "PATCH" and self.pieces == 2:
            raise httpx.ConnectError("the line is down")
        response = super().handle_request(request)
        if request.method == "PATCH" and self.pieces == 4:
            raise httpx.ReadError("the line broke")
        return response


def test_an_upload_in_pieces_goes_on_where_the_line_broke(
    address: str, parts: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.client.files.PIECE", 1_000_000)
    film = tmp_path / "harbour.mp4"
    film.write_bytes(bytes(range(250)) * 12_000)
    line, here = Breaking(), []
    with Longreel(address, transport=line) as longreel:
        job = longreel.upload_in_pieces(film, title="Harbour", on_progress=lambda done, size: here.append((done, size)))
        video = longreel.video(str((longreel.wait(job.id).result or {})["video_id"]))
    assert video.id == hashlib.sha256(film.read_bytes()).hexdigest() and video.title == "Harbour"
    assert here == [(sent, 3_000_000) for sent in (1_000_000, 2_000_000, 3_000_000)] and line.pieces == 4
