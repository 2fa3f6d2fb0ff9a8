"""Senders that stop or trickle: they hold no thread, delay nobody, and are sent away."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from urllib.parse import urlsplit

import httpx
import pytest

from app.api import bodies
from tests.unit.api.stand_in import StandIn, wait_until

STALLED = 60
FORM = (
    "POST /v1/videos HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    "Content-Length: 100000\r\n\r\n--b\r\nContent-Disposition: form-data; name=file; filename=a.mp4\r\n\r\nbytes"
)
PIECE = (
    "PATCH {path} HTTP/1.1\r\nHost: {host}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
    "Content-Type: application/offset+octet-stream\r\nContent-Length: 100000\r\n\r\nbytes"
)
QUESTION = 'POST /v1/ask HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"q'


@pytest.fixture
def stalled(address: str) -> Iterator[list[socket.socket]]:
    """Connections whose senders sent the beginning of a body and then nothing more."""
    host = urlsplit(address).netloc
    announced = {"Tus-Resumable": "1.0.0", "Upload-Length": "100000"}
    with ExitStack() as open_sockets:
        lines = []
        for number in range(STALLED):
            line = open_sockets.enter_context(socket.create_connection(("127.0.0.1", urlsplit(address).port or 0)))
            path = httpx.post(f"{address}/v1/uploads", headers=announced).headers["location"] if number % 3 == 1 else ""
            line.sendall((FORM, PIECE, QUESTION)[number % 3].format(host=host, path=path).encode())
            lines.append(line)
        yield lines


def test_sixty_stalled_uploads_delay_nobody(address: str, stalled: list[socket.socket], parts: StandIn) -> None:
    parts.add()
    with httpx.Client(base_url=address, timeout=5.0) as client:
        for path in ("/v1/health", "/v1/ready", "/v1/videos", "/v1/jobs"):
            waits_s = []
            for _ in range(20):
                started = time.monotonic()
                assert client.get(path).status_code == 200
                waits_s.append(time.monotonic() - started)
            assert min(waits_s) < 0.1, f"{path}: median {median(waits_s):.3f} s"
        film = {"file": ("film.webm", b"a whole film", "video/webm")}
        assert client.post("/v1/videos", files=film).status_code == 202
    for line in stalled:
        line.setblocking(False)
        with pytest.raises(BlockingIOError):
            line.recv(1)


@pytest.mark.parametrize("begun", [FORM, QUESTION])
def test_who_sends_nothing_more_is_sent_away_and_leaves_no_file(
    address: str, parts: StandIn, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    monkeypatch.setattr(bodies, "IDLE_S", 0.3)
    with socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=10) as line:
        line.sendall(begun.format(host=urlsplit(address).netloc).encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 408")
    wait_until(lambda: not list((parts.longreel.settings.data / "uploads").rglob("*")))


def test_who_trickles_is_sent_away(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "GRACE_S", 0.3)
    host = urlsplit(address).netloc
    with socket.create_connection(("127.0.0.1", urlsplit(address).port or 0)) as line:
        line.sendall(FORM.format(host=host).encode())
        line.settimeout(0.1)
        answer = b""
        for _ in range(100):
            try:
                line.sendall(b"x")
                answer = line.recv(1000)
            except TimeoutError:
                continue
            break
    assert answer.startswith(b"HTTP/1.1 408")
