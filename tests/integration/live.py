"""A server over the stand-in on a free port of loopback, in a thread of the test's process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from app.api.connections import TimedConnection
from app.main import create_app
from tests.unit.api.stand_in import StandIn, wait_until


@contextmanager
def serving(parts: StandIn) -> Iterator[str]:
    """The address of the server, which runs while the block does."""
    app = create_app(parts.longreel.settings, parts.longreel, page=False)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, http=TimedConnection, log_level="critical", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    wait_until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
