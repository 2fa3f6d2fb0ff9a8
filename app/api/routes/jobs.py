"""Background jobs: follow, cancel and retry them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from app.api.deps import JobDep, LongreelDep
from app.api.pages import CursorQuery, LimitQuery, link_next, page
from app.api.schemas import JobOut
from app.api.schemas.jobs import DismissedOut
from app.api.streams import HEARTBEAT, HEARTBEAT_S, event_stream, last_number, server_event
from app.core.errors import LongreelError
from app.jobs.states import ENDED, JobState
from app.jobs.webhooks import NOTICE

router = APIRouter(prefix="/jobs", tags=["jobs"])

KindQuery = Annotated[str, Query(max_length=100, description='such as "ingest"')]

POLL_S = 0.25
MOST_JOBS = 10_000
"""How far back a list of jobs goes."""


@router.get("", summary="List jobs, newest first")
def list_jobs(
    longreel: LongreelDep,
    request: Request,
    response: Response,
    state: JobState | None = None,
    kind: KindQuery = "",
    limit: LimitQuery = 100,
    cursor: CursorQuery = "",
) -> list[JobOut]:
    """All jobs that were not dismissed, or those in one state or of one kind. `Link` leads to the next page. Webhook
    notices are jobs of the kind `webhook`; they are only listed if you ask for that kind.
    """
    listed = (job for job in longreel.jobs.list(state, MOST_JOBS) if not job.dismissed)
    jobs = [job for job in listed if (job.kind == kind if kind else job.kind != NOTICE)]
    chosen, following = page(jobs, lambda job: (job.created_at, job.id), cursor, limit, descending=True)
    link_next(request, response, following)
    return [JobOut.of(job) for job in chosen]


@router.get("/{job}", summary="Get a job")
def get_job(job: JobDep) -> JobOut:
    """Its state, its latest progress, and its result or error."""
    return JobOut.of(job)


@router.post("/{job}/next", summary="Move a waiting job to the top of the queue")
def run_next(job: JobDep, longreel: LongreelDep) -> JobOut:
    """Running jobs are not interrupted. The parts of a batch move with it."""
    return JobOut.of(longreel.jobs.move_to_top(job.id))


@router.delete("/{job}", summary="Cancel a job")
def cancel_job(job: JobDep, longreel: LongreelDep) -> JobOut:
    """A queued job ends at once; a running one stops at its next safe point. Finished work stays."""
    return JobOut.of(longreel.jobs.cancel(job.id))


@router.post("/{job}/retry", status_code=202, summary="Try a failed or cancelled job again")
def retry_job(job: JobDep, longreel: LongreelDep) -> JobOut:
    """It resumes where it stopped."""
    return JobOut.of(longreel.jobs.retry(job.id))


@router.post("/{job}/dismiss", summary="Dismiss a job that has ended")
def dismiss_job(job: JobDep, longreel: LongreelDep) -> JobOut:
    """Its results stay, such as an ingested video or the files of a batch; only its log is deleted. You can still get
    it by its id, and a retry puts it back into the lists. The parts of a batch are dismissed with it.
    """
    return JobOut.of(longreel.jobs.dismiss(job.id))


@router.post("/dismiss", summary="Dismiss all jobs that have ended")
def dismiss_ended(longreel: LongreelDep, kind: KindQuery = "") -> DismissedOut:
    """Dismisses all jobs that finished, failed or were cancelled, or only those of one kind. Webhook notices are only
    included if you name their kind.
    """
    return DismissedOut(jobs=longreel.jobs.dismiss_ended(kind))


@router.get(
    "/{job}/events",
    summary="Stream the events of a job (server-sent events)",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"example": 'id: 3\nevent: stage_started\ndata: {"stage": …}'}}}},
)
def job_events(job: JobDep, longreel: LongreelDep, last_event_id: Annotated[str, Header()] = "") -> StreamingResponse:
    """Events are numbered; a client that reconnects continues after `Last-Event-ID`. The last event is called `end` and
    contains the job as it ended.
    """

    async def follow() -> AsyncIterator[bytes]:
        after = last_number(last_event_id)
        sent_at = time.monotonic()
        while True:
            try:
                current = await run_in_threadpool(longreel.jobs.get, job.id)
                events = await run_in_threadpool(longreel.jobs.events, job.id, after)
            except LongreelError:
                return
            for number, event in events:
                after = number
                yield server_event(json.dumps(event, ensure_ascii=False), kind=event["type"], number=number)
            if current.state in ENDED:
                yield server_event(JobOut.of(current).model_dump_json(), kind="end", number=after)
                return
            if events:
                sent_at = time.monotonic()
            elif time.monotonic() - sent_at > HEARTBEAT_S:
                sent_at = time.monotonic()
                yield HEARTBEAT
            await asyncio.sleep(POLL_S)

    return event_stream(follow())
