"""How pools of actors stand, as plain data."""

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
    """What its weights take in memory now, as far as it is known."""
    counters: Counters

    @classmethod
    def of(cls, worker: ModelWorker[Any]) -> ModelState:
        """As it is at this moment."""
        return cls(worker.model, worker.is_loaded, worker.bytes_taken, replace(worker.counters))

    def gone(self) -> ModelState:
        """What is left of it when its process has ended: what it did."""
        return replace(self, loaded=False, bytes=0)


@dataclass(frozen=True, slots=True)
class PoolState:
    """One pool of actors, as far as the process that owns it knows without asking the cluster."""

    name: str
    """The role that it plays; empty for the pool of all that has none of its own."""
    replicas: int
    """Actors that run."""
    starting: int
    most: int
    """Actors that it may grow to."""
    busy: int
    """Calls that are being worked on."""
    queued: int
    """Calls that wait, at actors or for one. Chunks that were not taken yet wait in their job instead."""
    restarts: int
    """Actors that were started in the place of one that died."""
    models: tuple[ModelState, ...]
    """Of all actors that there are and were, as of their last answers."""


def summed(states: Iterable[ModelState]) -> list[ModelState]:
    """One state for each model: loaded when it is anywhere, numbers added up."""
    found: dict[str, ModelState] = {}
    for state in states:
        other = found.get(state.model)
        found[state.model] = state if other is None else _both(other, state)
    return list(found.values())


def _both(one: ModelState, other: ModelState) -> ModelState:
    names = [field.name for field in fields(Counters)]
    counters = Counters(**{name: getattr(one.counters, name) + getattr(other.counters, name) for name in names})
    return ModelState(one.model, one.loaded or other.loaded, one.bytes + other.bytes, counters)
