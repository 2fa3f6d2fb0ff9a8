"""What a running job can do: report events, check for cancellation, and end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from app.core.events import EVENT, Event, StageProgress
from app.jobs.states import Job, JobError
from app.jobs.store import JobStore

logger = logging.getLogger(__name__)

PROGRESS_EVERY_S = 0.25
"""Progress is stored at most this often; later progress replaces earlier progress in between."""


class JobContext:
    """One claim of one job. Threads of the handler may share it."""

    def __init__(
        self,
        store: JobStore,
        job: Job,
        claimed_as: str,
        stopping: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`claimed_as` is the worker's name for this claim; `stopping` is set when the worker should stop."""
        self._store = store
        self._job = job
        self.claimed_as = claimed_as
        self._stopping = stopping or threading.Event()
        self._clock = clock
        self._lost = threading.Event()
        self._aside = threading.Event()
        self._lock = threading.Lock()
        self._pending: StageProgress | None = None
        self._reported_at = float("-inf")
        self._held_at = clock()

    def cancelled(self) -> bool:
        """Whether the handler should raise Cancelled: the job was cancelled or lost, or the worker is stopping.

        A job also counts as lost when the store was unreachable for the length of the lease.
        """
        return self._lost.is_set() or self.goes_on_later

    def step_aside(self) -> None:
        """Lets another job go first: once the handler has raised Cancelled, this one is back in the queue."""
        self._aside.set()

    @property
    def goes_on_later(self) -> bool:
        """Whether the job belongs back in the queue when its handler raises Cancelled."""
        return self._stopping.is_set() or self._aside.is_set()

    def report(self, event: Event) -> None:
        """Stores an event for followers of the job; a failing store does not stop the work."""
        with self._lock:
            if isinstance(event, StageProgress):
                if self._clock() - self._reported_at < PROGRESS_EVERY_S:
                    self._pending = event
                    return
                self._reported_at = self._clock()
                self._pending = None
            self._flush()
            self._beat(event)

    def finish(self, result: Mapping[str, Any]) -> bool:
        """Marks the job as finished; False if it is no longer ours."""
        return self._store.finish(self._job, self.claimed_as, result)

    def fail(self, error: JobError, *, retry_in_s: float | None = None) -> bool:
        """Marks the job as failed or queues it again; False if it is no longer ours."""
        return self._store.fail(self._job, self.claimed_as, error, retry_in_s=retry_in_s)

    def release(self, due_in_s: float = 0.0) -> bool:
        """Returns the job to the queue, due after a while; False if it is no longer ours."""
        return self._store.release(self._job, self.claimed_as, due_in_s=due_in_s)

    @contextmanager
    def keep_alive(self, every_s: float) -> Iterator[None]:
        """Extends the lease every few seconds while the block runs."""
        ended = threading.Event()
        thread = threading.Thread(
            target=self._keep_alive, args=(ended, every_s), name="longreel-heartbeat", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _keep_alive(self, ended: threading.Event, every_s: float) -> None:
        while not ended.wait(every_s):
            with self._lock:
                if not self._flush():
                    self._beat(None)

    def _flush(self) -> bool:
        if self._pending is None:
            return False
        event, self._pending = self._pending, None
        self._beat(event)
        return True

    def _beat(self, event: Event | None) -> None:
        data = None if event is None else EVENT.dump_python(event, mode="json")
        asked_at = self._clock()
        try:
            if not self._store.heartbeat(self._job, self.claimed_as, data):
                self._lost.set()
            self._held_at = asked_at
        except Exception:
            if self._clock() - self._held_at >= self._store.lease_s:
                self._lost.set()  # by now another worker may have the job
            logger.exception("Could not extend the lease of job %s", self._job.id, extra={"action": "heartbeat_failed"})
