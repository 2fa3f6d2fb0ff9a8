"""What all commands share: the wired services, the `--json` option, and Ctrl-C that stops work cleanly."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from app.core.settings import load_settings

if TYPE_CHECKING:
    from app.bootstrap import Services

CollectionOption = Annotated[str | None, typer.Option(help="All videos of this collection, besides those given.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")]


def open_longreel() -> Services:
    """All services, wired as the settings say. Raises BadSettings."""
    from app.bootstrap import build

    return build(load_settings())


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
