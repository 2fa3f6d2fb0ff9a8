"""A small worker for the contract of runtimes, built by import string inside an actor."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from app.core.errors import BadInput


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
