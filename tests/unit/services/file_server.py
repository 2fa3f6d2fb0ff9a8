"""A server on loopback that gives one file, and fails on the way as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 20_000


@dataclass
class FileServer:
    """What is given, and how."""

    base: str = ""
    data: bytes = bytes(range(256)) * 800
    kind: str = "video/mp4"
    etag: str = '"1"'
    statuses: list[int] = field(default_factory=list)
    """Answers with these first."""
    breaks: list[int] = field(default_factory=list)
    """After how many bytes the next connections break."""
    announced: int | None = None
    """The length that is told, unless it is that of the data."""
    hangs: threading.Event = field(default_factory=threading.Event)
    """While clear, answers stop after their first piece."""
    ranges: list[str] = field(default_factory=list)
    """What each request asked for."""

    def __post_init__(self) -> None:
        self.hangs.set()


class _Handler(BaseHTTPRequestHandler):
    files: FileServer

    def do_GET(self) -> None:
        files = self.files
        files.ranges.append(self.headers.get("Range", ""))
        if self.path.startswith("/to/"):
            self._head(302, {"Location": self.path.removeprefix("/to/"), "Content-Length": "0"})
        elif files.statuses:
            self._head(files.statuses.pop(0), {"Content-Length": "0"})
        else:
            self._give(files)

    def _give(self, files: FileServer) -> None:
        asked = self.headers.get("Range", "")
        again = bool(asked) and self.headers.get("If-Range") == files.etag
        first = int(asked.removeprefix("bytes=").rstrip("-")) if again else 0
        length = len(files.data) if files.announced is None else files.announced
        headers = {"Content-Type": files.kind, "ETag": files.etag, "Content-Length": str(length - first)}
        if again:
            headers["Content-Range"] = f"bytes {first}-{length - 1}/{length}"
        self._head(206 if again else 200, headers)
        end = files.breaks.pop(0) if files.breaks else len(files.data)
        for place in range(first, end, PIECE):
            self.wfile.write(files.data[place : min(place + PIECE, end)])
            files.hangs.wait(20)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up is none."""


@contextmanager
def serving_files() -> Iterator[FileServer]:
    """The server while the block runs."""
    files = FileServer()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"files": files}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    files.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield files
    finally:
        files.hangs.set()
        server.shutdown()
        thread.join()
        server.server_close()
