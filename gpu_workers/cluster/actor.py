"""The code that runs inside an actor of the cluster."""

from __future__ import annotations

import importlib
import threading
from typing import Any, NamedTuple

from app.core.errors import Cancelled, LongreelError
from gpu_workers.cluster.states import ModelState

CHUNKS, ASKS = "chunks", "asks"
"""An actor's thread groups: a question does not wait behind a chunk that takes minutes."""
ASK = "ask"
"""The method for calls that are not chunks."""


class ActorReply(NamedTuple):
    """The result of a call, and the state of the actor's models."""

    error: Exception | None
    """A LongreelError or OSError; Ray carries all others."""
    result: Any
    models: list[ModelState]


class Actor:
    """Holds the object that a factory creates on the first call. Safe for several threads."""

    def __init__(self, factory: str, argument: Any) -> None:
        self._factory = factory
        self._argument = argument
        self._made: Any = None
        self._lock = threading.Lock()

    def ready(self) -> None:
        """Returns once the actor runs."""

    def work(self, method: str, call: Any) -> ActorReply:
        """Calls a method of the object, and adds its `states` to the reply if it has any."""
        import ray

        def stop_when_cancelled(share: float) -> None:
            del share
            if ray.get_runtime_context().is_canceled():
                raise Cancelled("The chunk was cancelled.")

        error, result = None, None
        try:
            with self._lock:
                if self._made is None:
                    module, _, name = self._factory.partition(":")
                    self._made = getattr(importlib.import_module(module), name)(self._argument)
            result = getattr(self._made, method)(call, stop_when_cancelled)
        except (LongreelError, OSError) as raised:
            error = raised
        return ActorReply(error, result, getattr(self._made, "states", list)())
