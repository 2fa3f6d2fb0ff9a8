"""A small worker and a small model for the contract of runtimes, built by import string inside an actor."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from app.core.errors import BadInput, Cancelled
from app.core.settings import RayPool, Settings
from gpu_workers.base import ModelWorker
from gpu_workers.cluster.batching import joining
from gpu_workers.cluster.remote import ModelHost
from gpu_workers.registry import Workers


class CountingWorker:
    def double(self, call: int, beat: Callable[[float], None]) -> int:
        beat(0.5)
        return 2 * call

    def refuse(self, call: str, beat: Callable[[float], None]) -> None:
        raise BadInput(f"{call} is no video.", "Give another.")

    def lose_file(self, call: str, beat: Callable[[float], None]) -> None:
        raise FileNotFoundError(2, "No such file or directory", call)

    def linger(self, call: float, beat: Callable[[float], None]) -> float:
        end = time.monotonic() + call
        while time.monotonic() < end:
            beat(0.0)
            time.sleep(0.01)
        return call

    def sleep(self, call: float, beat: Callable[[float], None]) -> int:
        """Deaf to a cancel. Gives the number of its process."""
        time.sleep(call)
        return os.getpid()

    def die_once(self, call: str, beat: Callable[[float], None]) -> str:
        """Kills its process unless an earlier try left its mark."""
        mark = Path(call)
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return mark.name

    def die(self, call: str, beat: Callable[[float], None]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def stumble(self, call: str, beat: Callable[[float], None]) -> None:
        raise KeyError(call)


def make(argument: object) -> CountingWorker:
    return CountingWorker()


class CountingModel(ModelWorker[str]):
    """Tells the lengths of texts, and with how many others each was read."""

    def _load(self) -> str:
        return "loaded"

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        with self._use(len(texts)):
            if "" in texts:
                raise BadInput("A text is empty.", "Give words.")
            time.sleep(0.05)
            return np.array([[len(text), len(texts)] for text in texts])

    def complete(self, words: str, *, stop: Callable[[], bool]) -> str:
        with self._use(1):
            for _ in range(words.count(" ") * 100):
                if stop():
                    raise Cancelled("Stopped.")
                time.sleep(0.01)
            return words.upper()


class CountingWorkers(Workers):
    """Every role is played by the model above."""

    def _create(self, role: str, name: str) -> CountingModel:
        return CountingModel(f"counting-{role}")


def make_host(pool: RayPool) -> ModelHost:
    workers = CountingWorkers(Settings())
    workers.stand_in = joining(pool.window_ms / 1000, pool.at_once)
    return ModelHost(CountingWorker(), workers)
