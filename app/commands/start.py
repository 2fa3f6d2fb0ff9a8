"""What all commands share: the wired services, the `--json` option, and Ctrl-C that stops work cleanly."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from app.commands import resources
from app.core.errors import Cancelled, Conflict, InUse
from app.core.paths import existing
from app.core.settings import Settings, load_settings
from app.services.ownership import owned, server_of

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.client import Longreel

STARTING_S = 60.0
"""How long to wait for a server that is starting."""

CollectionOption = Annotated[str | None, typer.Option(help="Also all videos of this collection.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")]


def open_longreel() -> Services:
    """All services, wired as the settings say. Raises BadSettings."""
    from app.bootstrap import build

    return build(load_settings())


def open_alone(command: str) -> Services:
    """All services, for a command that needs the search index. Raises BadSettings, or InUse, naming who holds it."""
    lock_library(load_settings(), command)
    return open_longreel()


def lock_library(settings: Settings, command: str) -> None:
    """Locks the library until the command ends: only one process at a time can open its index. Raises InUse."""
    resources.get().enter_context(owned(settings, f"the command {command}"))


def running_longreel() -> Longreel | None:
    """A client of the server that serves this library; None if there is none. Raises InUse if it does not answer."""
    settings = load_settings()
    address = server_of(settings)
    if not address:
        return None
    parts = urlsplit(address)
    until = time.monotonic() + STARTING_S  # a server locks its library some seconds before it listens
    while True:
        try:
            socket.create_connection((parts.hostname or "", parts.port or 80), timeout=STARTING_S).close()
            return client_of(settings, address)
        except OSError as error:
            if time.monotonic() > until:
                raise InUse(
                    f"The server at {address} does not answer.", "Wait until it has started, or stop it."
                ) from error
        time.sleep(0.2)


def client_of(settings: Settings, address: str) -> Longreel:
    """A client of a server on this machine that has these settings."""
    from app.client import Longreel

    key = settings.server.api_key
    return resources.get().enter_context(Longreel(address, key.get_secret_value() if key else ""))


def name_for_server(name: str) -> str:
    """A video's name as a server understands it: a path gets absolute."""
    path = existing(name)
    return str(path.resolve()) if path else name


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C asks the work to stop at its next unit; a second Ctrl-C ends the program at once."""
    stopping = threading.Event()

    def stop(*_: object) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopping.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def cancelling(
    cancelled: Callable[[], bool], stopped: Cancelled, cancel: Callable[[], object]
) -> Iterator[Callable[[], None]]:
    """Ctrl-C ends the block, and the work that it waits for is cancelled at the server.

    Yields what the block calls every few seconds: it raises `stopped` after a Ctrl-C.
    """

    def check() -> None:
        if cancelled():
            raise stopped

    try:
        yield check
    except (Cancelled, KeyboardInterrupt):
        with suppress(Conflict):  # it has just ended
            cancel()
        raise
