"""Actors of one kind in a Ray cluster: started, counted, replaced when they die, fewer when idle."""

from __future__ import annotations

import contextlib
import importlib
import logging
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from app.core.errors import Cancelled, LongreelError, WorkerFailed
from app.core.settings import Ray, RayPool

logger = logging.getLogger(__name__)


class Actor:
    """What runs inside an actor: the object that the factory makes, made when it is first called."""

    def __init__(self, factory: str, argument: Any) -> None:
        self._factory = factory
        self._argument = argument
        self._made: Any = None

    def ready(self) -> None:
        """Returns once the actor runs."""

    def work(self, method: str, call: Any) -> tuple[Exception | None, Any]:
        """What the method gives, or the error of ours that it raised; others are Ray's to carry."""
        try:
            if self._made is None:
                module, _, name = self._factory.partition(":")
                self._made = getattr(importlib.import_module(module), name)(self._argument)
            return None, getattr(self._made, method)(call, _stop_when_cancelled)
        except (LongreelError, OSError) as error:
            return error, None


def _stop_when_cancelled(share: float) -> None:
    import ray

    del share
    if ray.get_runtime_context().is_canceled():
        raise Cancelled("The chunk was cancelled.")


@dataclass(eq=False)
class Slot:
    """A place for one actor, which may be replaced."""

    actor: Any
    ready: Any
    """The reference that resolves when the actor has started; None from then on."""
    load: int = 0
    """Calls of all maps that are at this actor."""
    deaths: int = 0
    """In a row, without a call that succeeded in between."""


class ActorPool:
    """Slots between `replicas` and `max_replicas`. As a context it counts who uses it. Safe for several threads."""

    def __init__(self, factory: str, argument: Any, shape: RayPool, limits: Ray) -> None:
        self._factory = factory
        self._argument = argument
        self._shape = shape
        self._limits = limits
        self._most = max(shape.max_replicas, shape.replicas, 1)
        self._lock = threading.RLock()
        self._slots: list[Slot] = []
        self._users = 0
        self._none_since: float | None = None
        self._timer: threading.Timer | None = None
        self._last_reason = ""

    def __enter__(self) -> ActorPool:
        with self._lock:
            self._users += 1
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            while len(self._slots) < max(1, self._shape.replicas):
                self._slots.append(self._started())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._limits.idle_s > 0 and len(self._slots) > self._shape.replicas:
                self._timer = threading.Timer(self._limits.idle_s, self._shrink)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Ends all actors."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            slots, self._slots = self._slots, []
        for slot in slots:
            _kill(slot.actor)

    def freest(self, full: Collection[Slot]) -> Slot | None:
        """The started actor with the fewest calls that is not among the `full`; one more is counted there."""
        with self._lock:
            open_slots = [slot for slot in self._slots if slot.ready is None and slot not in full]
            slot = min(open_slots, key=lambda slot: slot.load, default=None)
            if slot is not None:
                slot.load += 1
            return slot

    def leave(self, slot: Slot) -> None:
        """One call of an actor has ended."""
        with self._lock:
            slot.load -= 1

    def grow(self) -> None:
        """Starts another actor, one after the other, up to the maximum."""
        with self._lock:
            if 0 < len(self._slots) < self._most and all(slot.ready is None for slot in self._slots):
                self._slots.append(self._started())

    def starting(self) -> list[Any]:
        """References that resolve when an actor has started or failed to."""
        with self._lock:
            return [slot.ready for slot in self._slots if slot.ready is not None]

    def look_at(self, refs: Sequence[Any]) -> None:
        """Takes up the actors whose references have resolved."""
        import ray

        for ref in refs:
            with self._lock:
                slot = next((slot for slot in self._slots if slot.ready == ref), None)
            if slot is None:  # another thread was here first
                continue
            actor = slot.actor
            try:
                ray.get(ref)
            except ray.exceptions.RayError as error:
                self.died(slot, actor, error)
            else:
                slot.ready = None

    def worked(self, slot: Slot) -> None:
        """An actor has done a call: its deaths are forgiven."""
        slot.deaths = 0

    def died(self, slot: Slot, actor: Any, reason: BaseException) -> None:
        """Puts a new actor in the place of one that died; gives the place up when that happens too often."""
        with self._lock:
            if slot.actor is not actor:  # another call of the same actor was here first
                return
            _kill(actor)
            self._last_reason = str(reason).strip().splitlines()[-1][:300]
            slot.deaths += 1
            if slot.deaths > self._limits.max_restarts:
                self._slots.remove(slot)
                return
            fresh = self._started()
            slot.actor, slot.ready = fresh.actor, fresh.ready

    def check_start(self) -> None:
        """Raises WorkerFailed when no actor is left, or none could be started for long."""
        with self._lock:
            if not self._slots:
                raise WorkerFailed(f"The actors of the Ray cluster keep dying. {self._last_reason}", "See Ray's logs.")
            if any(slot.ready is None for slot in self._slots):
                self._none_since = None
                return
            now = time.monotonic()
            self._none_since = self._none_since or now
            if now - self._none_since < self._limits.start_s:
                return
            self._none_since = None
        raise WorkerFailed(
            f"No actor could start within {self._limits.start_s:g} s: each asks for {self._shape.cpus:g} cores and "
            f"{self._shape.gpus:g} GPUs. {_free()}",
            "Add machines, or lower LONGREEL_RAY__CPUS, __GPUS or __REPLICAS.",
        )

    def _started(self) -> Slot:
        import ray

        kind: Any = ray.remote(Actor)
        shape = {"num_cpus": self._shape.cpus, "num_gpus": self._shape.gpus, "max_restarts": 0}
        # In order, a call that was cancelled on its way would hold up all that follow for 30 seconds.
        options = {**shape, "allow_out_of_order_execution": True}
        actor = kind.options(**options).remote(self._factory, self._argument)
        return Slot(actor, actor.ready.remote())

    def _shrink(self) -> None:
        with self._lock:
            if self._users:
                return
            gone, self._slots = self._slots[self._shape.replicas :], self._slots[: self._shape.replicas]
        logger.info("Ended %d idle actors", len(gone))
        for slot in gone:
            _kill(slot.actor)


def _kill(actor: Any) -> None:
    import ray

    with contextlib.suppress(ray.exceptions.RayError, ValueError):
        ray.kill(actor)


def _free() -> str:
    import ray

    resources: Any = ray.available_resources
    free = resources()
    return f"Free are {free.get('CPU', 0):g} cores and {free.get('GPU', 0):g} GPUs."
