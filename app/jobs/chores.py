"""Small recurring tasks of a server, in their own thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from app.core.errors import LongreelError

logger = logging.getLogger(__name__)


class Chores:
    """Calls each function every few seconds, even after it fails."""

    def __init__(self, chores: Sequence[Callable[[], None]], *, every_s: float = 5.0) -> None:
        self._chores = chores
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread and returns."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._loop, name="longreel-chores", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Stops after the current chore; returns whether that took at most `timeout_s` seconds."""
        self._stopping.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            for chore in self._chores:
                if self._stopping.is_set():
                    return
                try:
                    chore()
                except LongreelError as error:
                    logger.warning("A chore failed: %s", error, extra={"action": "chore_failed"})
                except Exception:
                    logger.exception("A chore raised an unexpected error", extra={"action": "chore_failed"})
            self._stopping.wait(self._every_s)
