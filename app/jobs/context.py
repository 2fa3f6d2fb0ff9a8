"""What a running job can do: report events, check for cancellation, and end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from app.core.errors import LongreelError, NotFound
from app.core.events import EVENT, Event, StageProgress
from app.jobs.states import Job, JobError, is_held
from app.jobs.store import JobStore

logger = logging.getLogger(__name__)

PROGRESS_EVERY_S = 0.25
"""Progress is stored at most this often; later progress replaces earlier progress in between."""
LOOK_EVERY_S = 1.0
"""How often a silent job looks whether it was cancelled."""


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
        self._held_at = self._asked_at = clock()
        self._unanswered = False
        """Whether the store failed at the last question, or has not answered it yet."""

    def cancelled(self) -> bool:
        """Whether the handler should raise Cancelled: the job was cancelled or lost, or goes on later."""
        if self.goes_on_later:
            self._aside.set()  # the store may answer again before the handler has raised Cancelled
        return self._lost.is_set() or self._aside.is_set()

    def step_aside(self) -> None:
        """Lets another job go first: once the handler has raised Cancelled, this one is back in the queue."""
        self._aside.set()

    @property
    def goes_on_later(self) -> bool:
        """Whether the job belongs back in the queue when its handler raises Cancelled.

        So it does when the store did not answer for the length of the lease: another worker may have it by now.
        """
        unheld_s = self._clock() - self._held_at if self._unanswered else 0.0
        return self._stopping.is_set() or self._aside.is_set() or unheld_s >= self._store.lease_s

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

        def extend() -> None:
            while not ended.wait(min(every_s, LOOK_EVERY_S)):
                with self._lock:
                    if self._flush():
                        continue
                    if self._clock() - self._asked_at >= every_s:
                        self._beat(None)
                    else:
                        self._look()

        thread = threading.Thread(target=extend, name="longreel-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _look(self) -> None:
        try:
            with self._asking():
                stored = self._store.get(self._job.id)
            if stored.cancel_requested or not is_held(stored, self._job, self.claimed_as):
                self._lost.set()
        except NotFound:
            self._lost.set()
        except LongreelError as error:
            logger.info("Could not look at job %s: %s", self._job.id, error, extra={"action": "look_failed"})

    def _flush(self) -> bool:
        if self._pending is None:
            return False
        event, self._pending = self._pending, None
        self._beat(event)
        return True

    def _beat(self, event: Event | None) -> None:
        data = None if event is None else EVENT.dump_python(event, mode="json")
        asked_at = self._asked_at = self._clock()
        try:
            with self._asking():
                if not self._store.heartbeat(self._job, self.claimed_as, data):
                    self._lost.set()
            self._held_at = asked_at
        except Exception:
            logger.exception("Could not extend the lease of job %s", self._job.id, extra={"action": "heartbeat_failed"})

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._unanswered = True
        yield
        self._unanswered = False
