"""A real HTTP server on the loopback address that answers chat completions, at once or in pieces, well or badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """What the server does with one request."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    hang_up: bool = False
    pieces: list[dict[str, Any]] = field(default_factory=list)
    """Sent one after the other as server-sent events, instead of a body."""
    pause_s: float = 0.0
    """Between two pieces."""


@dataclass
class ChatService:
    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    """Set when a client left before the last piece."""
    listed: Reply = field(default_factory=lambda: Reply(404, {}))
    """The answer to what models there are."""
    pages: dict[str, Reply] = field(default_factory=dict)
    """The answers at other paths that are read with GET."""


def completion(text: str, prompt_tokens: int = 7, output_tokens: int = 3) -> Reply:
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": output_tokens}
    return message({"content": text}, usage=usage)


def message(content: dict[str, Any], ended: str = "stop", **beside: Any) -> Reply:
    """A whole completion with this message."""
    return Reply(body={"choices": [{"message": {"role": "assistant"} | content, "finish_reason": ended}]} | beside)


def stream(*deltas: str | dict[str, Any], ended: str = "stop", **options: Any) -> Reply:
    """A completion in pieces."""
    pieces = [{"delta": {"content": delta} if isinstance(delta, str) else delta} for delta in deltas]
    chunks = [{"choices": [{"index": 0} | piece]} for piece in [*pieces, {"delta": {}, "finish_reason": ended}]]
    return Reply(pieces=chunks, **options)


def refusal(text: str, status: int = 400) -> Reply:
    """What a server says that does not take a request."""
    return Reply(status, {"error": {"message": text}})


class _Server(ThreadingHTTPServer):
    def __init__(self, answer: Callable[[dict[str, Any], int], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.service = ChatService(f"http://127.0.0.1:{self.server_port}/v1")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._send(self.server.service.pages.get(self.path, self.server.service.listed))

    def do_POST(self) -> None:
        service = self.server.service
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        number = len(service.requests)
        service.requests.append(request | {"path": self.path})
        service.headers.append({name.lower(): value for name, value in self.headers.items()})
        reply = self.server.answer(request, number)
        time.sleep(reply.delay_s)
        self.close_connection = True
        if reply.pieces:
            self._stream(reply)
        elif not reply.hang_up:
            self._send(reply)

    def _stream(self, reply: Reply) -> None:
        self._begin(200, {"content-type": "text/event-stream"})
        try:
            for piece in reply.pieces:
                self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
                time.sleep(reply.pause_s)
            self.wfile.write(b"data: [DONE]\n\n")
        except (BrokenPipeError, ConnectionResetError):
            self.server.service.left.set()

    def _send(self, reply: Reply) -> None:
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self._begin(
            reply.status, {"content-type": "application/json", "content-length": str(len(data))} | reply.headers
        )
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(data)

    def _begin(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"connection": "close"}).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        return


@contextmanager
def chat_service(answer: Callable[[dict[str, Any], int], Reply]) -> Iterator[ChatService]:
    """Serves `answer(request, number of earlier requests)` while the block runs."""
    server = _Server(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
