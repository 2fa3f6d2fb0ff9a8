"""The queue: what is in progress, waiting, failed or done."""

from __future__ import annotations

import json
from collections.abc import Sequence

from markupsafe import Markup

from app.api.schemas import JobOut
from app.api.schemas.schedules import ScheduleOut
from app.core.describe import STAGE_NAMES
from ui.render.templates import fill

ACTIVE = ("queued", "running")
MOST_EARLIER = 20


def queue(jobs: Sequence[JobOut], watched: Sequence[ScheduleOut] = ()) -> Markup:
    """Jobs in progress, waiting, failed and done, and the watched folders.

    The page's script updates the progress, and moves waiting jobs to the top.
    """
    newest = {(job.kind, job.title): job.id for job in sorted(jobs, key=lambda job: job.created_at)}
    waiting = [job for job in reversed(jobs) if job.state == "queued"]
    waiting.sort(key=lambda job: (-job.priority, job.created_at))
    failed = [job for job in jobs if job.state == "failed" and newest[(job.kind, job.title)] == job.id]
    return fill(
        "queue.html",
        stages=json.dumps(STAGE_NAMES),
        running=[job for job in jobs if job.state == "running"],
        waiting=waiting,
        failed=failed,
        earlier=[job for job in jobs if job.state not in ACTIVE and job not in failed][:MOST_EARLIER],
        watched=watched,
    )
