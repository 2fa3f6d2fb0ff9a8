"""A long video lets a short one that waits go first, so that a few minutes of video never wait for hours."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.core.errors import LongreelError
from app.jobs.context import JobContext
from app.jobs.states import Job, JobState
from app.jobs.store import JobStore

logger = logging.getLogger(__name__)

TURN_S = 60.0
"""How long a video is read, at least, before it lets another one go first."""
LOOK_EVERY_S = 5.0
MUCH_SMALLER = 0.25
"""The largest share of a file's size at which another file goes first."""
MOST_JOBS = 200
"""Waiting jobs that are looked at, the newest."""


class IngestTurn:
    """One claim of the job on a video."""

    def __init__(
        self, jobs: JobStore, job: Job, context: JobContext, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs = jobs
        self._job = job
        self._context = context
        self._clock = clock
        self._look_at = clock() + TURN_S
        self._has_stored = False

    def stored(self) -> None:
        """Notes that work was stored. No turn ends before that, or a video would start over at each of its turns and
        never finish while short ones keep arriving.
        """
        self._has_stored = True

    def is_over(self) -> bool:
        """Whether the handler should raise Cancelled; see `JobContext.cancelled`.

        After a while that is also so if a much smaller file waits: that job then moves to the top of the queue, and
        this one goes on where it stopped.
        """
        now = self._clock()
        if self._has_stored and now >= self._look_at and not self._context.cancelled():
            self._look_at = now + LOOK_EVERY_S
            with suppress(LongreelError):  # the other job was claimed or cancelled at this moment
                self._let_pass()
        return self._context.cancelled()

    def _let_pass(self) -> None:
        size = _size(self._job)
        if size is None or self._job.priority:  # someone has put this job at the top
            return
        for other in reversed(self._jobs.list(JobState.QUEUED, MOST_JOBS)):
            if other.kind != self._job.kind or other.attempts:
                continue
            other_size = _size(other)
            if other_size is not None and other_size < MUCH_SMALLER * size:
                self._jobs.move_to_top(other.id)
                self._context.step_aside()
                keys = {"action": "job_steps_aside", "job": self._job.id}
                logger.info("Job %s lets job %s go first.", self._job.id, other.id, extra=keys)
                return


def _size(job: Job) -> int | None:
    """The size of the file; None while it is still to be downloaded."""
    try:
        return Path(job.payload["path"]).stat().st_size
    except OSError:
        return None
