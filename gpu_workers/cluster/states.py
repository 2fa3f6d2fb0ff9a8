"""The state of pools of actors, as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from gpu_workers.base import Counters, ModelWorker


@dataclass(frozen=True, slots=True)
class ModelState:
    """One model of one process, or of all processes of a pool together."""

    model: str
    loaded: bool
    bytes: int
    """Memory that its weights take now, as far as known."""
    counters: Counters

    @classmethod
    def of(cls, worker: ModelWorker[Any]) -> ModelState:
        """The worker's current state."""
        return cls(worker.model, worker.is_loaded, worker.bytes_taken, replace(worker.counters))

    def gone(self) -> ModelState:
        """The state after its process has ended: nothing loaded, but its counters remain."""
        return replace(self, loaded=False, bytes=0)


@dataclass(frozen=True, slots=True)
class PoolState:
    """One pool of actors, as its owner knows it without asking the cluster."""

    name: str
    """The pool's role; empty for the pool that serves all roles without their own."""
    replicas: int
    """Running actors."""
    starting: int
    most: int
    """The most actors it may grow to."""
    busy: int
    """Calls in progress."""
    queued: int
    """Calls waiting at or for an actor. Chunks not taken yet wait in their job instead."""
    restarts: int
    """Actors started to replace one that died."""
    models: tuple[ModelState, ...]
    """Of all past and present actors, as of their last replies."""


def summed(states: Iterable[ModelState]) -> list[ModelState]:
    """One state per model: loaded if loaded anywhere, with the numbers added up."""
    names = [field.name for field in fields(Counters)]
    by_model: dict[str, ModelState] = {}
    for state in states:
        other = by_model.get(state.model)
        if other is not None:
            sums = {name: getattr(other.counters, name) + getattr(state.counters, name) for name in names}
            loaded = other.loaded or state.loaded
            state = ModelState(state.model, loaded, other.bytes + state.bytes, Counters(**sums))
        by_model[state.model] = state
    return list(by_model.values())
