"""What every model has in common: one lazy copy, one caller at a time, timing, translated errors.

A backend writes `_load` and, around each prediction, `with self._use() as loaded:`.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from app.core.errors import LongreelError, MissingPart, WorkerFailed

logger = logging.getLogger(__name__)

Loaded = TypeVar("Loaded")


class ModelWorker(ABC, Generic[Loaded]):
    """Owns one model: loads it at the first use, keeps it, and can let go of it."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._lock = threading.RLock()
        self._loaded: Loaded | None = None
        self.busy_s = 0.0
        """Seconds spent in predictions so far."""

    @property
    def model(self) -> str:
        """Name and version of what answers."""
        return self._model

    @property
    def is_loaded(self) -> bool:
        """Whether the model is in memory now."""
        return self._loaded is not None

    def unload(self) -> None:
        """Frees the model; the next use loads it again."""
        with self._lock:
            self._loaded = None

    @abstractmethod
    def _load(self) -> Loaded:
        """Builds the model. Heavy imports belong here. May raise MissingPart."""

    @contextmanager
    def _use(self) -> Iterator[Loaded]:
        with self._lock:
            with self._translated("load"):
                if self._loaded is None:
                    started = time.monotonic()
                    self._loaded = self._load()
                    logger.info("Loaded %s in %.1f s", self.model, time.monotonic() - started)
                loaded = self._loaded
            started = time.monotonic()
            try:
                with self._translated("run"):
                    yield loaded
            finally:
                self.busy_s += time.monotonic() - started

    @contextmanager
    def _translated(self, verb: str) -> Iterator[None]:
        try:
            yield
        except LongreelError:
            raise
        except ImportError as error:
            raise MissingPart(
                f"{self.model} needs the package {error.name}.", "Run 'longreel doctor' to see what to install."
            ) from error
        except MemoryError as error:
            raise WorkerFailed(
                f"{self.model} ran out of memory.", "Close other programs or choose a smaller model, then resume."
            ) from error
        except Exception as error:
            raise WorkerFailed(f"{self.model} could not {verb}: {error}", "Try again; see the log.") from error
