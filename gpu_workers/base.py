"""The base of all models: one lazy copy, one caller at a time, counters, translated errors.

A backend writes `_load` and, around each prediction, `with self._use() as loaded:`. Models that run on
torch build on `gpu_workers.torch_worker`, which adds the device and what to do when memory runs out.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from app.core.errors import Cancelled, LongreelError, MissingPart, WorkerFailed

logger = logging.getLogger(__name__)

Loaded = TypeVar("Loaded")

NO_ROOM = "Close other programs or choose a smaller model, then resume."
"""What to do when memory runs out."""
STOP_EVERY_S = 0.1
"""Seconds between two checks whether a caller still waits for the model."""


class OutOfMemory(WorkerFailed):
    """A model did not fit, on its device or in this machine's memory."""


@dataclass
class Counters:
    """What one worker has done so far; used for metrics."""

    seconds: float = 0.0
    """Time spent in predictions."""
    calls: int = 0
    items: int = 0
    """Frames, texts, questions, captions or sound chunks processed."""
    tokens: int = 0
    """Tokens written, for generative models."""
    loads: int = 0
    out_of_memory: int = 0


class ModelWorker(ABC, Generic[Loaded]):
    """Owns one model: loads it on first use, keeps it in memory, and can free it."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._lock = threading.RLock()
        self._loaded: Loaded | None = None
        self._users = 0
        self._taken = 0
        self._last_used = 0.0
        self._watch: threading.Timer | None = None
        self.counters = Counters()
        self.idle_unload_s = 0.0
        """Frees the model after this many seconds without use; 0 never frees it."""
        self.make_room: Callable[[], bool] = lambda: False
        """Frees the least recently used model of another worker; returns whether there was one."""
        self.keep_within: Callable[[int], None] = lambda _: None
        """Frees models of other workers until a model of this many bytes fits the memory budget."""

    @property
    def model(self) -> str:
        """The model's name and version."""
        return self._model

    @property
    def is_loaded(self) -> bool:
        """Whether the model is in memory now."""
        return self._loaded is not None

    @property
    def last_used(self) -> float:
        """When it was last used, by `time.monotonic`; 0 if never."""
        return self._last_used

    @property
    def bytes_taken(self) -> int:
        """Memory that the loaded weights take, as far as known."""
        return self._taken if self._loaded is not None else 0

    def warm_up(self) -> None:
        """Loads the model before anybody waits for it."""
        with self._use():
            pass

    def unload(self) -> None:
        """Frees the model; the next use loads it again."""
        with self._lock:
            was_loaded, self._loaded = self._loaded is not None, None
        if was_loaded:
            free_memory()

    def unload_if_unused(self) -> bool:
        """Frees the model unless it is in use right now; returns whether it was freed."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            # The lock alone does not show it: the thread that asks may itself be using the model.
            if self._loaded is None or self._users:
                return False
            self.unload()
            return True
        finally:
            self._lock.release()

    @abstractmethod
    def _load(self) -> Loaded:
        """Builds the model. Heavy imports belong here. May raise MissingPart."""

    def _expected_bytes(self) -> int:
        """Memory that the weights will take; 0 if only loading them can show it."""
        return 0

    @contextmanager
    def _use(self, items: int = 0, stop: Callable[[], bool] | None = None) -> Iterator[Loaded]:
        """Lends the loaded model to one caller at a time; counts `items` unless an exception is raised.

        Raises Cancelled if `stop` returns True while another caller uses the model.
        """
        while not self._lock.acquire(timeout=STOP_EVERY_S):
            if stop is not None and stop():
                raise Cancelled("The model was stopped before it could begin.")
        self._users += 1
        try:
            loaded = self._ready()
            started = time.monotonic()
            try:
                with self._translated("run"):
                    yield loaded
                self.counters.calls += 1
                self.counters.items += items
            finally:
                self._last_used = time.monotonic()
                self.counters.seconds += self._last_used - started
                if self.idle_unload_s > 0 and self._watch is None:
                    self._watch_for(self.idle_unload_s)
        finally:
            self._users -= 1
            self._lock.release()

    def _ready(self) -> Loaded:
        """The loaded model; loads it again with less around it when memory runs out."""
        while self._loaded is None:
            problem = ""
            try:
                with self._translated("load"):
                    expected = self._expected_bytes()
                    self.keep_within(expected)
                    started, before = time.monotonic(), resident_bytes()
                    self._loaded = self._load()
                    self._taken = expected or max(0, resident_bytes() - before)
                    if not expected:
                        self.keep_within(self._taken)
                    self.counters.loads += 1
                    logger.info("Loaded %s in %.1f s", self.model, time.monotonic() - started)
            except OutOfMemory as error:
                problem = error.message
            # The exception holds what filled the memory, and lives until this clause ends.
            if problem:
                self._spare(0, problem)
        return self._loaded

    def _spare(self, size: int, problem: str) -> None:
        """Makes room for another attempt to load the model or to run `size` items, or raises OutOfMemory."""
        del size
        if not self.make_room():
            raise OutOfMemory(problem, NO_ROOM)
        logger.warning("%s Freed the models that are not in use.", problem)

    def _watch_for(self, seconds: float) -> None:
        self._watch = threading.Timer(seconds, self._free_when_idle)
        self._watch.daemon = True
        self._watch.start()

    def _free_when_idle(self) -> None:
        with self._lock:
            self._watch = None
            left = self._last_used + self.idle_unload_s - time.monotonic()
            if self._loaded is None:
                return
            if left > 0:
                self._watch_for(left)
                return
            if self.unload_if_unused():
                logger.info("Freed %s after %g s without use", self.model, self.idle_unload_s)

    @contextmanager
    def _translated(self, verb: str) -> Iterator[None]:
        try:
            yield
        except LongreelError:
            raise
        except ImportError as error:
            is_missing = isinstance(error, ModuleNotFoundError) and error.name
            needed = f"the package {error.name}" if is_missing else str(error).strip().splitlines()[0]
            raise MissingPart(
                f"{self.model} needs {needed}.", "Run 'longreel doctor' to see what to install."
            ) from error
        except Exception as error:
            if is_out_of_memory(error):
                self.counters.out_of_memory += 1
                raise OutOfMemory(f"{self.model} ran out of memory.", NO_ROOM) from error
            raise WorkerFailed(f"{self.model} could not {verb}: {error}", "Try again; see the log.") from error


NO_MEMORY_LEFT = ("out of memory", "cublas_status_alloc_failed", "std::bad_alloc", "failed to allocate memory")
"""What CUDA, cuBLAS, CTranslate2 and ONNX Runtime write, which have no exception of their own for it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, torch, CTranslate2, cuBLAS or ONNX Runtime could not allocate memory."""
    torch: Any = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    from_a_library = type(error) is RuntimeError or type(error).__module__.startswith("onnxruntime")
    return from_a_library and any(sign in str(error).lower() for sign in NO_MEMORY_LEFT)


def resident_bytes() -> int:
    """Resident memory of this process; 0 where the system does not report it."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def free_memory() -> None:
    """Returns unused memory to the system and, on a GPU, to other programs."""
    gc.collect()
    if sys.platform == "linux":
        # glibc holds on to small freed blocks: 250 MB after speech recognition and OCR.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
