"""Notices about the end of a job, and the jobs that send them. Pure.

A store writes the end of a job and its notice in one transaction, so no crash can separate them.
The notice is a job itself, with the usual attempts, waits and errors.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from app.core.types import to_json
from app.jobs.states import ENDED, Job

NOTICE = "webhook"
"""The kind of job that sends a notice."""


def notice_of(job: Job, url: str = "") -> Job | None:
    """The job that sends notice of the end of `job`, always the same for the same end; None if there is no address.

    The address comes from the job's payload (`webhook.url`), else from `url`. Parts of jobs and notices have none.
    """
    address = (job.payload.get("webhook") or {}).get("url") or url
    if not address or job.state not in ENDED or job.parent is not None or job.kind == NOTICE:
        return None
    event = event_of(job)
    id = hashlib.sha256(f"{job.id} {job.finished_at}".encode()).hexdigest()[:32]
    payload = {"title": f"{event['type']}: {job.title}", "url": address, "job": job.id, "event": event["type"]}
    payload["body"] = json.dumps(event, ensure_ascii=False)
    now = job.finished_at or 0.0
    return Job(id, NOTICE, payload, created_at=now, due_at=now)


def event_of(job: Job) -> dict[str, Any]:
    """The content of a notice: `job.finished`, `job.failed` or `job.cancelled`, and the job as in the REST API."""
    data = {
        "id": job.id,
        "kind": job.kind,
        "state": str(job.state),
        "title": job.title,
        "attempts": job.attempts,
        "priority": job.priority,
        "cancel_requested": job.cancel_requested,
        "dismissed": job.dismissed,
        "progress": job.progress,
        "done_share": job.done_share,
        "error": None if job.error is None else to_json(job.error),
        "result": job.result,
        "created_at": _utc(job.created_at),
        "started_at": _utc(job.started_at),
        "finished_at": _utc(job.finished_at),
    }
    return {"type": f"job.{job.state}", "timestamp": data["finished_at"], "data": data}


def _utc(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
