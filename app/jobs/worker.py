"""Claims jobs and runs them in threads.

A worker may be killed at any moment: the leases of its jobs end, and another worker claims them. It follows
the store (a lost lease or a cancelled job stops the handler) and the retry policy, and knows nothing
about the work of the handlers.
"""

from __future__ import annotations

import itertools
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from app.core.errors import Cancelled, InUse, LongreelError, WorkerFailed, unexpected
from app.core.events import Failed, Warned
from app.jobs.context import JobContext
from app.jobs.retry import RetryPolicy
from app.jobs.states import Job, JobError
from app.jobs.store import JobStore

logger = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Job, JobContext], Mapping[str, Any]]
"""Does the work of one kind of job and returns its result. It checks `context.cancelled()` often and raises
Cancelled if that is true. A job may run again after a killed attempt, and should continue from there."""

IN_USE_S = 15.0
"""The wait before retrying a job whose stores another process is using; it does not count as an attempt."""
LONGEST_WAIT_S = 30.0
"""The longest wait before asking a failing store again."""


class Worker:
    """Runs jobs in `threads` threads until it is stopped."""

    def __init__(
        self,
        store: JobStore,
        handlers: Mapping[str, Handler],
        *,
        policy: RetryPolicy | None = None,
        threads: int = 1,
        poll_s: float = 0.5,
        heartbeat_s: float = 10.0,
    ) -> None:
        """`heartbeat_s` should be a small part of the store's lease."""
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
        self._store = store
        self._handlers = dict(handlers)
        self._policy = policy or RetryPolicy()
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._numbers = itertools.count(1)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, name=f"longreel-worker-{number}", daemon=True)
            for number in range(1, threads + 1)
        ]

    def start(self) -> None:
        """Starts claiming jobs and returns. A worker can start only once."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Claims no more jobs; asks running handlers to stop and returns their jobs to the queue.

        Returns whether all of them ended within `timeout_s` seconds. Another worker claims the rest
        once this process is gone and the lease has ended.
        """
        self._stopping.set()
        deadline = time.monotonic() + timeout_s
        started = [thread for thread in self._threads if thread.ident is not None]
        for thread in started:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in started)

    def run_one(self) -> bool:
        """Claims and runs one job in the calling thread; False if none was due."""
        claimed_as = f"{self.name}/{next(self._numbers)}"
        job = self._store.claim(claimed_as, list(self._handlers))
        if job is None:
            return False
        logger.info("Claimed job %s", job.id, extra={"action": "job_claimed", "job": job.id, "kind": job.kind})
        context = JobContext(self._store, job, claimed_as, self._stopping)
        with context.keep_alive(self._heartbeat_s):
            try:
                if job.attempts > self._policy.max_attempts:
                    raise WorkerFailed(
                        f"This job was tried {job.attempts - 1} times, and the last time its worker died.",
                        "The machine may be short of memory: see its system log, then try the job again.",
                    )
                with self._store.fenced(job, claimed_as):
                    result = self._handlers[job.kind](job, context)
                held = context.finish(result)
            except Cancelled as error:
                held = context.release() if context.goes_on_later else context.fail(_job_error(error))
            except InUse as error:
                logger.warning("Job %s waits: %s", job.id, error, extra={"action": "job_waits", "job": job.id})
                held = context.release(IN_USE_S)
            except LongreelError as error:
                held = self._failed(job, context, error)
            except BaseException as error:  # a panic in native code is no Exception, but must not end the worker
                logger.exception("Job %s failed unexpectedly", job.id, extra={"action": "job_failed", "job": job.id})
                held = self._failed(job, context, unexpected(error))
            ending = "Ended job %s" if held else "Dropped job %s: another worker has it"
            logger.info(ending, job.id, extra={"action": "job_ended", "job": job.id, "held": held})
        return True

    def _loop(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                had_job = self.run_one()
                failures = 0
            except LongreelError as error:
                failures += 1
                had_job = False
                logger.warning("The job store failed: %s", error, extra={"action": "store_failed"})
            except BaseException:
                failures += 1
                had_job = False
                logger.exception("Unexpected error in the worker", extra={"action": "worker_failed"})
            if not had_job:
                self._stopping.wait(min(LONGEST_WAIT_S, self._poll_s * 2 ** min(failures, 10)))

    def _failed(self, job: Job, context: JobContext, error: LongreelError) -> bool:
        failure = _job_error(error)
        wait_s = self._policy.retry_in_s(error, job.attempts, job.id)
        if wait_s is None:
            context.report(Failed(failure.code, failure.message, failure.hint))
        else:
            context.report(Warned(f"{failure.message} Attempt {job.attempts + 1} starts in {wait_s:.0f} s."))
        return context.fail(failure, retry_in_s=wait_s)


def _job_error(error: LongreelError) -> JobError:
    return JobError(error.code, error.message, error.hint)
