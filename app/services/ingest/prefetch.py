"""Decodes a few frames ahead in a thread of its own, so that decoding and embedding overlap."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

from app.core.types import Frame

PREFETCH = 8
"""Frames decoded ahead."""


def ahead(stream: Iterator[Frame]) -> Iterator[Frame]:
    """The same frames; an error of the stream is raised where it would have been."""
    waiting: queue.Queue[Frame | BaseException | None] = queue.Queue(PREFETCH)
    stopped = threading.Event()

    def offer(item: Frame | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def decode() -> None:
        try:
            for frame in stream:
                offer(frame)
                if stopped.is_set():
                    return
            offer(None)
        except BaseException as error:  # noqa: BLE001 - carried to the reader's thread and raised there
            offer(error)

    thread = threading.Thread(target=decode, name="decode", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()
