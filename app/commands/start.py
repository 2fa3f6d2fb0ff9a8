"""What every command begins with: the wired product, the `--json` option, and Ctrl-C that stops work cleanly."""

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

CollectionOption = Annotated[str | None, typer.Option(help="All videos of this collection, besides those named.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")]


def open_longreel() -> Services:
    """Everything wired as the environment's settings say. Raises BadSettings."""
    from app.bootstrap import build

    return build(load_settings())


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C asks the work to stop at its next unit; a second Ctrl-C ends the program at once."""
    asked = threading.Event()

    def stop(*_: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
