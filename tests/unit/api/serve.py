"""Serves the stand-in on a free port of loopback: python -m tests.unit.api.serve FOLDER.

It prints its port, and "stopped" when a question was cancelled. The line "read" lets the reader go on; the end of
its input ends it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from pathlib import Path

import uvicorn
from pydantic import SecretStr

from app.main import create_app
from tests.unit.api import stand_in
from tests.unit.api.tiny_video import write_webm


def main(folder: Path) -> None:
    """Prints the port, then serves."""
    key = os.environ.get("STAND_IN_KEY")
    parts = stand_in.make(folder, hold=True, pace_s=0.4, api_key=SecretStr(key) if key else None)
    film = write_webm(folder / "harbour.webm")
    parts.add(film.read_bytes(), "Harbour film", film)
    app = create_app(parts.longreel.settings, parts.longreel)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))

    def watch() -> None:
        for line in sys.stdin:
            if line.strip() == "read":
                parts.reader.hold.set()
        server.should_exit = True

    def tell() -> None:
        parts.agent.stopped.wait()
        sys.stdout.write("stopped\n")
        sys.stdout.flush()

    threading.Thread(target=watch, daemon=True).start()
    threading.Thread(target=tell, daemon=True).start()
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    asyncio.run(server.serve(sockets=[listening]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
