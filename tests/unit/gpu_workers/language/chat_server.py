"""A real HTTP server on the loopback address that answers chat completions, well or badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@dataclass
class ChatService:
    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


def completion(text: str, prompt_tokens: int = 7, output_tokens: int = 3) -> Reply:
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": output_tokens}
    return Reply(body={"choices": [{"message": {"role": "assistant", "content": text}}], "usage": usage})


@contextmanager
def chat_service(answer: Callable[[dict[str, Any], int], Reply]) -> Iterator[ChatService]:
    """Serves `answer(request, number of earlier requests)` while the block runs."""
    service = ChatService("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            number = len(service.requests)
            service.requests.append(request | {"path": self.path})
            service.headers.append({name.lower(): value for name, value in self.headers.items()})
            reply = answer(request, number)
            time.sleep(reply.delay_s)
            self.close_connection = True
            if reply.hang_up:
                return
            data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.send_header("connection", "close")
            self.end_headers()
            try:
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                return

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
