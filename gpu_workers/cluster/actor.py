"""What runs inside an actor of the cluster."""

from __future__ import annotations

import importlib
import threading
from typing import Any, NamedTuple

from app.core.errors import Cancelled, LongreelError
from gpu_workers.cluster.states import ModelState

CHUNKS, ASKS = "chunks", "asks"
"""Groups of an actor's threads: a question does not wait until a chunk of minutes is done."""
ASK = "ask"
"""The method for calls that are no chunk."""


class ActorReply(NamedTuple):
    """What a call gives, and what the actor's models did so far."""

    error: Exception | None
    """Ours, or the system's; others are Ray's to carry."""
    result: Any
    models: list[ModelState]


class Actor:
    """Holds the object that a factory makes, made when it is first called. Several threads may call."""

    def __init__(self, factory: str, argument: Any) -> None:
        self._factory = factory
        self._argument = argument
        self._made: Any = None
        self._lock = threading.Lock()

    def ready(self) -> None:
        """Returns once the actor runs."""

    def work(self, method: str, call: Any) -> ActorReply:
        """Calls a method of the object; what its `states` tells goes along, if it has that."""
        error, result = None, None
        try:
            result = getattr(self._object(), method)(call, _stop_when_cancelled)
        except (LongreelError, OSError) as raised:
            error = raised
        return ActorReply(error, result, getattr(self._made, "states", list)())

    def _object(self) -> Any:
        with self._lock:
            if self._made is None:
                module, _, name = self._factory.partition(":")
                self._made = getattr(importlib.import_module(module), name)(self._argument)
            return self._made


def _stop_when_cancelled(share: float) -> None:
    import ray

    del share
    if ray.get_runtime_context().is_canceled():
        raise Cancelled("The chunk was cancelled.")
