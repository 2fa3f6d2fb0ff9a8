"""A pool of equal actors in a Ray cluster: grows when work waits, shrinks when idle, and replaces actors that die."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import WorkerFailed
from app.core.settings import Ray, RayPool
from gpu_workers.cluster.actor import ASK, ASKS, CHUNKS, Actor, ActorReply
from gpu_workers.cluster.states import ModelState, PoolState, summed

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Slot:
    """Holds one actor, which may be replaced."""

    actor: Any
    ready: Any
    """The reference that resolves when the actor has started; None from then on."""
    load: int = 0
    """Calls from all maps that this actor holds."""
    deaths: int = 0
    """Deaths in a row, with no successful call in between."""
    idle_since: float = field(default_factory=time.monotonic)
    """When its last call ended, by `time.monotonic`."""
    models: Sequence[ModelState] = ()
    """The model states that the actor last reported."""


class ActorPool:
    """Slots between `replicas` and `max_replicas`. Safe for several threads."""

    def __init__(self, factory: str, argument: Any, shape: RayPool, limits: Ray) -> None:
        self._factory = factory
        self._argument = argument
        self._shape = shape
        self._limits = limits
        self._most = max(shape.max_replicas, shape.replicas, 1)
        self._lock = threading.RLock()
        self._slots: list[Slot] = []
        self._queues: list[deque[Any]] = []
        self._abandoned: dict[Any, Slot] = {}
        self._none_since: float | None = None
        self._timer: threading.Timer | None = None
        self._last_reason = ""
        self._restarts = 0
        self._gone: Sequence[ModelState] = ()

    @contextlib.contextmanager
    def serving(self, waiting: deque[Any]) -> Iterator[None]:
        """Keeps actors running for a caller whose calls wait in a queue."""
        try:
            with self._lock:
                self._queues.append(waiting)
                while len(self._slots) < self._least():
                    self._slots.append(self._started())
            yield
        finally:
            with self._lock:
                self._queues = [queue for queue in self._queues if queue is not waiting]
                self._watch()

    def close(self) -> None:
        """Ends all actors."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            slots, self._slots = self._slots, []
        for slot in slots:
            _kill(slot.actor)

    def send(self, method: str, call: Any, own: Mapping[Slot, int], in_flight: int) -> tuple[Any, Slot, Any] | None:
        """Sends a call to the least busy actor; returns the reference to its `ActorReply`, the slot and the actor.

        Returns None when every actor has `in_flight` of the caller's own calls, which `own` counts, or enough calls
        of others: only the caller's first call queues behind those. When no actor has a free thread, starts one more.
        """
        group, most = ASKS if method == ASK else CHUNKS, max(in_flight, self._shape.at_once)
        with self._lock:
            self._let_go()
            free = [slot for slot in self._slots if slot.ready is None and own.get(slot, 0) < most]
            if own:
                free = [slot for slot in free if slot.load - own.get(slot, 0) < self._shape.at_once]
            slot = min(free, key=lambda slot: slot.load, default=None)
            is_full = slot is None or slot.load >= self._shape.at_once
            is_settled = all(slot.ready is None for slot in self._slots)
            if is_full and is_settled and 0 < len(self._slots) < self._most:
                self._slots.append(self._started())
            if slot is None:
                return None
            ref = slot.actor.work.options(concurrency_group=group).remote(method, call)
            slot.load += 1
            return ref, slot, slot.actor

    def leave(self, slot: Slot) -> None:
        """Notes that one call of an actor has ended."""
        with self._lock:
            slot.load -= 1
            slot.idle_since = time.monotonic()
            self._watch()

    def abandon(self, ref: Any, slot: Slot) -> None:
        """Cancels a call. Its actor counts as busy until it has noticed."""
        import ray

        with self._lock:
            self._abandoned[ref] = slot
        ray.cancel(ref)

    def starting(self) -> list[Any]:
        """References that resolve when an actor has started or failed to."""
        with self._lock:
            return [slot.ready for slot in self._slots if slot.ready is not None]

    def look_at(self, refs: Sequence[Any]) -> None:
        """Puts into service the actors whose references have resolved."""
        import ray

        for ref in refs:
            with self._lock:
                slot = next((slot for slot in self._slots if slot.ready == ref), None)
                if slot is None:  # another thread has handled it
                    continue
                try:
                    ray.get(ref)
                except ray.exceptions.RayError as error:
                    self.died(slot, slot.actor, error)
                else:
                    slot.ready = None

    def worked(self, slot: Slot, actor: Any, reply: ActorReply) -> None:
        """Notes that an actor has finished a call, and resets its count of deaths."""
        with self._lock:
            if slot.actor is actor:
                slot.deaths = 0
                slot.models = reply.models or slot.models

    def died(self, slot: Slot, actor: Any, reason: BaseException) -> None:
        """Replaces an actor that died; removes the slot when that happens too often."""
        with self._lock:
            if slot.actor is not actor or slot not in self._slots:  # another call to the same actor has handled it
                return
            self._end(slot)
            self._last_reason = str(reason).strip().splitlines()[-1][:300]
            slot.deaths += 1
            if slot.deaths > self._shape.max_restarts:
                self._slots.remove(slot)
                return
            self._restarts += 1
            fresh = self._started()
            slot.actor, slot.ready = fresh.actor, fresh.ready

    def check_start(self) -> None:
        """Raises WorkerFailed when no actor is left, or none has started within the time limit."""
        import ray

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
        resources: Any = ray.available_resources
        free = resources()
        raise WorkerFailed(
            f"No actor could start within {self._limits.start_s:g} s: each asks for {self._shape.cpus:g} cores and "
            f"{self._shape.gpus:g} GPUs. Free are {free.get('CPU', 0):g} cores and {free.get('GPU', 0):g} GPUs.",
            "Add machines, or lower LONGREEL_RAY__CPUS, __GPUS or __REPLICAS.",
        )

    def state(self, name: str) -> PoolState:
        """The state of the pool. Never blocks, neither on the cluster nor on a thread that waits for it."""
        slots = list(self._slots)
        loads = [slot.load for slot in slots]
        started = sum(slot.ready is None for slot in slots)
        busy = sum(min(load, self._shape.at_once) for load in loads)
        waiting = sum(len(queue) for queue in list(self._queues))
        models = summed([*self._gone, *(state for slot in slots for state in slot.models)])
        return PoolState(
            name,
            replicas=started,
            starting=len(slots) - started,
            most=self._most,
            busy=busy,
            queued=sum(loads) - busy + waiting,
            restarts=self._restarts,
            models=tuple(models),
        )

    def _least(self) -> int:
        """The least number of actors: at least one while there is work."""
        return max(self._shape.replicas, 1 if self._queues else 0)

    @functools.cached_property
    def _kind(self) -> Any:
        """The remote class; cached, because Ray sends the class to the cluster each time it is created."""
        import ray

        remote: Any = ray.remote  # its type stubs lack concurrency groups
        actors = remote(concurrency_groups={CHUNKS: self._shape.at_once, ASKS: self._shape.at_once})(Actor)
        shape = {"num_cpus": self._shape.cpus, "num_gpus": self._shape.gpus, "max_restarts": 0}
        # With ordered execution, a call cancelled in transit would block all later ones for 30 seconds.
        return actors.options(**shape, allow_out_of_order_execution=True)

    def _started(self) -> Slot:
        actor = self._kind.remote(self._factory, self._argument)
        return Slot(actor, actor.ready.remote())

    def _end(self, slot: Slot) -> None:
        _kill(slot.actor)
        self._gone = summed([*self._gone, *(state.gone() for state in slot.models)])
        slot.models = ()

    def _let_go(self) -> None:
        """Counts the abandoned calls that have ended."""
        import ray

        if not self._abandoned:
            return
        ended, _ = ray.wait([*self._abandoned], num_returns=len(self._abandoned), timeout=0, fetch_local=False)
        for ref in ended:
            self.leave(self._abandoned.pop(ref))

    def _watch(self) -> None:
        """Schedules the next check for idle actors."""
        if self._timer is None and self._limits.idle_s > 0 and len(self._slots) > self._least():
            self._timer = threading.Timer(self._limits.idle_s, self._shrink)
            self._timer.daemon = True
            self._timer.start()

    def _shrink(self) -> None:
        with self._lock:
            self._timer = None
            self._let_go()
            long_ago = time.monotonic() - self._limits.idle_s
            idle = [slot for slot in self._slots if slot.load == 0 and slot.idle_since <= long_ago]
            idle.sort(key=lambda slot: slot.ready is None)  # actors that wait for room go first
            gone = idle[: max(0, len(self._slots) - self._least())]
            for slot in gone:
                self._end(slot)
                self._slots.remove(slot)
            if gone:
                logger.info("Ended %d idle actors", len(gone))
            self._watch()


def _kill(actor: Any) -> None:
    import ray

    with contextlib.suppress(ray.exceptions.RayError, ValueError):
        ray.kill(actor)
