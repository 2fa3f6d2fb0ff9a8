"""Runs calls on the machines of a Ray cluster. It knows nothing about models: it calls methods of an object that a
factory creates inside each actor.

Each call goes to the actor with the fewest calls. An actor that dies is replaced, and its calls are retried
elsewhere. Ray's own retries are off, since they tie a call to its actor: it would wait for a machine that
may never come back while other actors are idle.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import Cancelled, MissingPart, StorageFull, WorkerFailed
from app.core.ports import CallBeat
from app.core.settings import Ray, RayPool
from gpu_workers.cluster.actor import ASK, ActorReply
from gpu_workers.cluster.pool import ActorPool, Slot
from gpu_workers.cluster.remote import ModelCall, Stop
from gpu_workers.cluster.states import PoolState

logger = logging.getLogger(__name__)

LOOK_S = 0.25
"""How long to wait for a result before calling `beat` again, which notices a cancel."""

STORE_BYTES = 256 << 20
"""Size of Ray's object store when Longreel starts Ray: results are small and few at a time."""


class RayRuntime:
    """Pools of actors, started on first use. Implements `Runtime`; safe for several threads."""

    def __init__(
        self, factory: str, argument: Callable[[RayPool], Any], settings: Ray, roles: Mapping[str, str] | None = None
    ) -> None:
        """`factory` is "module:function"; each actor calls it with `argument(its pool)`.

        `roles` maps each method to the role that does most of its work; that role's pool runs the method.
        """
        self._factory = factory
        self._argument = argument
        self._settings = settings
        self._roles = roles or {}
        self._pools: dict[str, ActorPool] = {}
        self._lock = threading.Lock()

    def map(self, method: str, calls: Iterable[Any], *, beat: CallBeat) -> Generator[tuple[int, Any], None, None]:
        """See the port. Raises MissingPart without Ray or a cluster, WorkerFailed."""
        return self._results(self._roles.get(method, ""), method, calls, beat)

    def ask(self, call: ModelCall, stop: Stop | None) -> Any:
        """One answer from the model of a role, run by that role's pool. Raises Cancelled, and what `map` raises."""

        def beat(number: int, share: float) -> None:
            del number, share
            if stop is not None and stop():
                raise Cancelled("The answer was stopped before it was finished.")

        ((_, answer),) = self._results(call.role, ASK, [call], beat)
        return answer

    def states(self) -> list[PoolState]:
        """The state of each pool used so far, without asking the cluster."""
        return [pool.state(name) for name, pool in list(self._pools.items())]

    def close(self) -> None:
        """Ends the actors. Those of a process end with it anyway."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def _results(
        self, role: str, method: str, calls: Iterable[Any], beat: CallBeat
    ) -> Generator[tuple[int, Any], None, None]:
        yield from _Map(self._pool(role), self._settings, method, calls, beat).results()

    def _pool(self, role: str) -> ActorPool:
        own = self._settings.pools
        name = role if role in own else ""
        with self._lock:
            if name not in self._pools:
                connect(self._settings.address)
                shape = own.get(name, self._settings)
                self._pools[name] = ActorPool(self._factory, self._argument(shape), shape, self._settings)
            return self._pools[name]


def connect(address: str) -> None:
    """Joins a cluster, or starts one on this machine for an empty address; does nothing if already connected."""
    try:
        import ray
    except ImportError as error:
        raise MissingPart(
            "LONGREEL_RUNTIME=ray needs the package ray.", "Run pip install 'longreel[ray]', or unset it."
        ) from error
    if ray.is_initialized():
        return
    own: dict[str, Any] = {} if address else {"include_dashboard": False, "object_store_memory": STORE_BYTES}
    try:
        ray.init(address=address or "local", log_to_driver=False, namespace="longreel", **own)
    except Exception as error:  # depending on the cause, ConnectionError, RuntimeError, ValueError or Ray's own
        raise WorkerFailed(
            f"The Ray cluster at {address or 'this machine'} does not answer: {error}",
            "Start it with 'ray start --head', or correct LONGREEL_RAY__ADDRESS.",
        ) from error


@dataclass
class _Task:
    """One call and its number of tries."""

    number: int
    call: Any
    tries: int = 0


@dataclass
class _Sent:
    """A task at an actor. `actor` shows whether the slot has a new actor since."""

    task: _Task
    slot: Slot
    actor: Any


class _Map:
    """One `map`: its waiting, running and repeated calls."""

    def __init__(self, pool: ActorPool, settings: Ray, method: str, calls: Iterable[Any], beat: CallBeat) -> None:
        self._pool = pool
        self._settings = settings
        self._method = method
        self._beat = beat
        self._tasks = (_Task(number, call) for number, call in enumerate(calls))
        self._waiting: deque[_Task] = deque()
        self._sent: dict[Any, _Sent] = {}

    def results(self) -> Generator[tuple[int, Any], None, None]:
        """All results, as they finish."""
        self._take()
        with self._pool.serving(self._waiting):
            try:
                while self._waiting or self._sent:
                    self._send()
                    for ref in self._finished():
                        result = self._result(ref, self._sent.pop(ref))
                        self._send()
                        yield from result
            finally:
                for ref, sent in self._sent.items():
                    self._pool.abandon(ref, sent.slot)

    def _take(self) -> None:
        """Reads one call ahead, to notice the end of the calls in time."""
        if not self._waiting:
            self._waiting.extend(task for task in [next(self._tasks, None)] if task is not None)

    def _send(self) -> None:
        """Sends waiting calls to actors with room."""
        while self._waiting:
            own = Counter(sent.slot for sent in self._sent.values())
            task = self._waiting[0]
            sent = self._pool.send(self._method, task.call, own, self._settings.in_flight)
            if sent is None:
                return
            self._waiting.popleft()
            task.tries += 1
            self._sent[sent[0]] = _Sent(task, *sent[1:])
            self._take()
            self._beat(task.number, 0.0)

    def _finished(self) -> list[Any]:
        """Calls that have finished; empty when only an actor has started, or nothing happened for a moment."""
        import ray

        if not self._sent:
            self._pool.check_start()
        starting = self._pool.starting()
        refs = [*self._sent, *starting]
        ready = ray.wait(refs, num_returns=1, timeout=LOOK_S)[0] if refs else []
        self._pool.look_at([ref for ref in ready if ref in starting])
        first = min([sent.task.number for sent in self._sent.values()] + [task.number for task in self._waiting])
        self._beat(first, 0.0)
        return [ref for ref in ready if ref in self._sent]

    def _result(self, ref: Any, sent: _Sent) -> list[tuple[int, Any]]:
        """The result of a call with its number; empty when it must be tried again."""
        import ray
        from ray import exceptions as lost

        try:
            reply: ActorReply = ray.get(ref)
        except (lost.RayActorError, lost.NodeDiedError, lost.OutOfMemoryError, lost.WorkerCrashedError) as gone:
            self._pool.died(sent.slot, sent.actor, gone)
            self._again(sent.task, gone)
            return []
        except lost.ObjectLostError as gone:  # the machine that held the result died before it was fetched
            self._again(sent.task, gone)
            return []
        except (lost.OutOfDiskError, lost.ObjectStoreFullError) as full:
            raise StorageFull("A machine of the Ray cluster is full.", "Free some space there, then resume.") from full
        except lost.RayError as foreign:
            raise WorkerFailed(f"A chunk failed on the Ray cluster: {_reason(foreign)}", "See Ray's logs.") from foreign
        finally:
            self._pool.leave(sent.slot)  # after dead actors were replaced, so that no call goes to them
        self._pool.worked(sent.slot, sent.actor, reply)
        if reply.error is not None:
            raise reply.error
        return [(sent.task.number, reply.result)]

    def _again(self, task: _Task, reason: Exception) -> None:
        logger.warning("Chunk %d lost its actor on try %d: %s", task.number, task.tries, _reason(reason))
        if task.tries >= self._settings.max_tries:
            raise WorkerFailed(
                f"A chunk failed after {task.tries} tries; each time its actor died. {_reason(reason)}",
                "Give actors more memory or fewer chunks at a time, then resume: finished chunks are not repeated.",
            ) from reason
        self._waiting.appendleft(task)


def _reason(error: BaseException) -> str:
    """The most useful line of one of Ray's long messages."""
    cause = getattr(error, "cause", None)
    if cause is not None:
        return f"{type(cause).__name__}: {cause}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
