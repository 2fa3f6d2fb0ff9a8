"""Many videos at once: queue a batch, follow it, cancel it, fetch its files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from app.api.deps import LongreelDep, RequestKey, VideoDep, hook_of, trusts_callers
from app.api.pages import CursorQuery, link_next, page
from app.api.proxies import address_for
from app.api.schemas.batches import BatchIn, BatchOut, CostOut
from app.api.streams import HEARTBEAT, HEARTBEAT_S, event_stream, last_number, server_event
from app.bootstrap import Services
from app.core.errors import BadInput, LongreelError, NotFound
from app.core.paths import existing
from app.jobs.states import ENDED, Job, JobState
from app.services.batch_jobs import WHOLE
from app.services.batches import BatchRequest, Item
from app.services.exports import FORMATS, exported

router = APIRouter(tags=["batches"])

POLL_S = 0.25
MOST_JOBS = 10_000


def batch_of(longreel: LongreelDep, batch: Annotated[str, InPath(description="id of a batch")]) -> Job:
    """The batch in the address. Raises NotFound."""
    job = longreel.jobs.get(batch)
    if job.kind != WHOLE:
        raise NotFound(f"There is no batch {batch}.", "List the batches to see which exist.")
    return job


BatchDep = Annotated[Job, Depends(batch_of)]


@router.post("/batches", status_code=202, response_model=BatchOut, summary="Summarize and ask many videos")
def add_batch(body: BatchIn, longreel: LongreelDep, key: RequestKey = None) -> Response:
    """Queues a job with a child for each video, and estimates the cost. While the same request is queued or running,
    you get that batch. Existing results are reused.
    """
    if not trusts_callers(longreel):
        _must_be_known(longreel, body.videos)
    request = _request(longreel, body)
    cost = CostOut(**asdict(longreel.batches.cost(request)))
    job = longreel.batch_jobs.submit(request, webhook=hook_of(longreel, body.webhook), request_key=key)
    batch = BatchOut.of(job, longreel.jobs.children(job.id), cost)
    return JSONResponse(batch.model_dump(mode="json"), 202, {"Location": f"/v1/batches/{job.id}"})


@router.post("/batches/cost", summary="Estimate a batch")
def estimate_batch(body: BatchIn, longreel: LongreelDep) -> CostOut:
    """Takes the same request as a batch, and starts nothing."""
    if not trusts_callers(longreel):
        _must_be_known(longreel, body.videos)
    return CostOut(**asdict(longreel.batches.cost(_request(longreel, body))))


def _request(longreel: Services, body: BatchIn) -> BatchRequest:
    named = [Item(name) for name in body.videos]
    if body.collection:
        named += [Item(video.id, video.title) for video in longreel.library.scope((), body.collection)]
    items = tuple(dict.fromkeys(named))
    questions, formats = tuple(dict.fromkeys(body.questions)), tuple(dict.fromkeys(body.formats))
    return BatchRequest(items, questions, body.to_request(), formats)


def _must_be_known(longreel: Services, names: list[str]) -> None:
    for name in names:
        if existing(name):
            raise BadInput(
                "This server does not accept paths of its own files.", "Upload the file and name it by its id."
            )
    longreel.library.scope(names)


@router.get("/batches", summary="List batches, newest first")
def list_batches(
    longreel: LongreelDep,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: CursorQuery = "",
) -> list[BatchOut]:
    """Each with its videos. `Link` leads to the next page. A finished batch stays here after its job is dismissed."""
    batches = (job for job in longreel.jobs.list(limit=MOST_JOBS) if job.kind == WHOLE)
    shown = [job for job in batches if not job.dismissed or job.state is JobState.FINISHED]
    chosen, following = page(shown, lambda job: (job.created_at, job.id), cursor, limit, descending=True)
    link_next(request, response, following)
    return [BatchOut.of(job, longreel.jobs.children(job.id)) for job in chosen]


@router.get("/batches/{batch}", summary="Get a batch")
def get_batch(batch: BatchDep, longreel: LongreelDep) -> BatchOut:
    """Its progress, and each of its videos."""
    return BatchOut.of(batch, longreel.jobs.children(batch.id))


@router.delete("/batches/{batch}", summary="Cancel a batch")
def cancel_batch(batch: BatchDep, longreel: LongreelDep) -> BatchOut:
    """Waiting videos end at once; a running one stops at its next safe point. Finished work stays."""
    job = longreel.jobs.cancel(batch.id)
    return BatchOut.of(job, longreel.jobs.children(batch.id))


@router.post("/batches/{batch}/retry", status_code=202, summary="Try a failed or cancelled batch again")
def retry_batch(batch: BatchDep, longreel: LongreelDep) -> BatchOut:
    """Runs only what did not finish."""
    job = longreel.jobs.retry(batch.id)
    return BatchOut.of(job, longreel.jobs.children(batch.id))


@router.get(
    "/batches/{batch}/events",
    summary="Stream the progress of a batch (server-sent events)",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"example": 'id: 3\nevent: progress\ndata: {"id": …}'}}}},
)
def batch_events(
    batch: BatchDep, longreel: LongreelDep, last_event_id: Annotated[str, Header()] = ""
) -> StreamingResponse:
    """Sends the batch as `progress` whenever it changes; the last event is called `end`. Every event carries the whole
    state, so a client that reconnects misses nothing.
    """

    async def follow() -> AsyncIterator[bytes]:
        number = last_number(last_event_id)
        sent_at, last = time.monotonic(), ""
        while True:
            try:
                job = await run_in_threadpool(longreel.jobs.get, batch.id)
                children = await run_in_threadpool(longreel.jobs.children, batch.id)
            except LongreelError:
                return
            state = BatchOut.of(job, children).model_dump_json()
            ended = job.state in ENDED and all(child.state in ENDED for child in children)
            now = time.monotonic()
            if state != last or ended:
                number, sent_at, last = number + 1, now, state
                yield server_event(state, kind="end" if ended else "progress", number=number)
            elif now - sent_at > HEARTBEAT_S:
                sent_at = now
                yield HEARTBEAT
            if ended:
                return
            await asyncio.sleep(POLL_S)

    return event_stream(follow())


@router.get(
    "/batches/{batch}/results",
    summary="Download the files of a finished batch",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}},
)
def get_results(batch: BatchDep, longreel: LongreelDep) -> Response:
    """A ZIP archive with the files of each video and an overview. 404 until the batch has finished."""
    content = longreel.batch_jobs.results(batch)
    headers = {"Content-Disposition": f'attachment; filename="batch-{batch.id[:12]}.zip"'}
    return Response(content, headers=headers, media_type="application/zip")


@router.get(
    "/videos/{video}/export",
    tags=["videos"],
    summary="Export a video for other programs",
    response_class=Response,
    responses={200: {"content": {format.media_type: {} for format in FORMATS.values()}}},
)
def export_video(
    video: VideoDep,
    longreel: LongreelDep,
    request: Request,
    format: Annotated[str, Query(description=", ".join(FORMATS))] = "md",
) -> Response:
    """Chapters, transcript, summary or markers in one of many formats. Links and players in it point to this server."""
    _, content = exported(longreel.library, video, format, server=address_for(request).url)
    kind = FORMATS[format].media_type
    suffix = FORMATS[format].suffix
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    headers = {"Content-Disposition": f'attachment; filename="{video.id[:12]}.{suffix}"'}
    return Response(content, headers=headers, media_type=f"{kind}{charset}")
