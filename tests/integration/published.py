"""Serves stand-ins behind proxies: python -m tests.integration.published FOLDER PLAIN SAFE.

It prints the port of an open one, that of one which is published at PLAIN, and that of one with the key KEY which is
published at SAFE. The end of its input ends it. A process of its own, since the page's framework leaves sockets open.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from pathlib import Path

import uvicorn
from pydantic import SecretStr

from app.main import create_app
from tests.unit.api import stand_in

KEY = "a long secret for tests"


def main(folder: Path, plain: str, safe: str) -> None:
    """Prints the ports, then serves."""
    published = {"open": {}, "plain": {"public_url": plain}, "safe": {"public_url": safe, "api_key": SecretStr(KEY)}}
    doors = []
    for name, settings in published.items():
        parts = stand_in.make(folder / name, **settings)
        app = create_app(parts.longreel.settings, parts.longreel)
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, proxy_headers=False)
        doors.append((uvicorn.Server(config), listening))

    def stop() -> None:
        sys.stdin.read()
        for server, _ in doors:
            server.should_exit = True

    threading.Thread(target=stop, daemon=True).start()
    sys.stdout.write(" ".join(str(listening.getsockname()[1]) for _, listening in doors) + "\n")
    sys.stdout.flush()
    asyncio.run(_serve(doors))


async def _serve(doors: list[tuple[uvicorn.Server, socket.socket]]) -> None:
    await asyncio.gather(*(server.serve(sockets=[listening]) for server, listening in doors))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
