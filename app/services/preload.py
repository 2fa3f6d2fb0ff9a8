"""Loads what answering needs before the first question, while the server already accepts requests."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from app.core.errors import LongreelError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Warmth:
    """The progress of loading."""

    state: Literal["off", "loading", "ready", "failed"] = "off"
    done: int = 0
    total: int = 0
    loading: str = ""
    """The part that is loading now."""
    problems: tuple[str, ...] = ()
    """One sentence with advice for each part that could not be loaded."""


class WarmUp:
    """Loads named parts one after the other, in its own thread."""

    def __init__(self, parts: Callable[[], Mapping[str, Callable[[], object]]] = dict) -> None:
        """`parts` is called in that thread, since listing the parts may take time too."""
        self._parts = parts
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.now = Warmth()
        """The progress so far."""

    def start(self) -> None:
        """Starts the thread and returns."""
        self._stopping.clear()
        self.now = Warmth("loading")
        self._thread = threading.Thread(target=self._load, name="longreel-warm-up", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Stops after the part that is loading; returns whether that took at most `timeout_s` seconds."""
        self._stopping.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _load(self) -> None:
        problem = self._try(self._load_all)
        problems = (*self.now.problems, *([problem] if problem else []))
        self.now = replace(self.now, state="failed" if problems else "ready", loading="", problems=problems)
        logger.info("Warmed up, %d problems", len(problems), extra={"action": "warmed_up"})

    def _load_all(self) -> None:
        parts = self._parts()
        self.now = replace(self.now, total=len(parts))
        for name, load in parts.items():
            if self._stopping.is_set():
                return
            self.now = replace(self.now, loading=name)
            problem = self._try(load)
            if problem:
                self.now = replace(self.now, problems=(*self.now.problems, f"{name}: {problem}"))
            self.now = replace(self.now, done=self.now.done + 1)

    def _try(self, load: Callable[[], object]) -> str:
        """Loads one part; returns the problem in words, or an empty text."""
        try:
            load()
        except LongreelError as error:
            logger.warning("Could not warm up: %s", error, extra={"action": "warm_up_failed"})
            return f"{error.message} {error.hint}".strip()
        except Exception:
            logger.exception("Unexpected error while warming up", extra={"action": "warm_up_failed"})
            return "It could not be loaded; see the log."
        return ""
