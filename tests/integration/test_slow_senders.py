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

from app.api import bodies, connections
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
        for path, most_s in (("/v1/health", 0.1), ("/v1/ready", 0.1), ("/v1/videos", 0.5), ("/v1/jobs", 0.5)):
            waits_s = []
            for _ in range(20):
                started = time.monotonic()
                assert client.get(path).status_code == 200
                waits_s.append(time.monotonic() - started)
            assert min(waits_s) < most_s, f"{path}: median {median(waits_s):.3f} s"
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


@pytest.mark.parametrize("begun", ["", "\r\n", "GET /v1/health HT", "GET /v1/health HTTP/1.1\r\nHost: x\r\nX-Slow: a"])
@pytest.mark.parametrize("is_used", [False, True])
def test_who_sends_no_whole_head_is_sent_away(
    address: str, monkeypatch: pytest.MonkeyPatch, begun: str, is_used: bool
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    with socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=10) as line:
        if is_used:
            line.sendall(f"GET /v1/health HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\n\r\n".encode())
            answer = b""
            while not answer.endswith(b"}"):
                answer += line.recv(4000)
        if begun or not is_used:  # after a request, uvicorn itself closes a silent line
            line.sendall(begun.encode())
            assert line.recv(1000) == b""


CHUNKED = b"POST /v1/ask HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"


@pytest.mark.parametrize("begun", [b"GET /v1/health HTTP/1.1\r\n", CHUNKED], ids=["before", "after a body"])
def test_fields_without_end_are_not_kept_in_memory(address: str, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=10) as line:
        line.sendall(begun)
        with pytest.raises(ConnectionError):
            for number in range(1000):
                line.sendall(f"X-{number}: {'a' * 10_000}\r\n".encode())


def test_a_body_may_come_long_after_its_head(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.1)
    head = QUESTION.format(host=urlsplit(address).netloc)
    with socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=10) as line:
        line.sendall(head.encode())
        time.sleep(0.3)
        line.sendall(b"x" * (1000 - len('{"q')))
        assert line.recv(1000).startswith(b"HTTP/1.1 422")
