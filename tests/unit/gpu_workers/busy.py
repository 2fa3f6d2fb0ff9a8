"""A model that another caller is using."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from gpu_workers.base import ModelWorker


@contextmanager
def in_use(model: ModelWorker[Any]) -> Iterator[None]:
    """Another thread uses the model while the block runs."""
    busy, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with model._use():
            busy.set()
            leave.wait(60)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        try:
            assert busy.wait(5)
            yield
            assert not held.done()
        finally:
            leave.set()
