"""Summaries on demand, of one video and of several, and chapters edited by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from app.api.deps import LineDep, LongreelDep, RequestKey, VideoDep, hook_of
from app.api.problems import problem_for
from app.api.schemas import ChapterOut, JobOut
from app.api.schemas import summaries as schemas
from app.api.schemas.summaries import (
    ChaptersIn,
    CollectionSummaryIn,
    CollectionSummaryOut,
    MadeSummaryOut,
    PointOut,
    SectionOut,
    SummaryIn,
    VideoLineOut,
)
from app.api.streams import HEARTBEAT, event_stream, pump, server_event
from app.bootstrap import Services
from app.core.errors import BadInput, Cancelled
from app.core.requests import SummaryRequest
from app.core.types import Video
from app.services.chapters import Heading
from app.services.summarize import Section, VideoSummary

router = APIRouter(tags=["summaries"])

STREAMED = "text/event-stream"
HEARTBEAT_S = 2.0

Making = AsyncIterator[VideoSummary | None]


@router.post(
    "/videos/{video}/summaries",
    summary="Summarize a video",
    response_model=MadeSummaryOut,
    responses={200: {"content": {STREAMED: {"example": 'event: summary\ndata: {"video_id": …}'}}}},
)
async def make_summary(
    video: VideoDep, body: SummaryIn, request: Request, longreel: LongreelDep, join: LineDep
) -> Response:
    """In the length, style and language of your choice; each sentence cites its moments. Existing results are reused.
    With `Accept: text/event-stream`, heartbeats come while it is written, then one event, `summary` or `problem`. If
    the client disconnects, it is cancelled; finished parts stay.
    """

    def work(gone: Callable[[], bool]) -> Iterator[VideoSummary]:
        yield longreel.summaries.summarize(video, body.to_request(), cancelled=gone)

    making = pump(work, join, every_s=HEARTBEAT_S)

    async def events() -> AsyncIterator[bytes]:
        try:
            async for event in making:
                yield server_event(_made(event).model_dump_json(), kind="summary") if event else HEARTBEAT
        except Exception as error:  # noqa: BLE001 - the status is sent already: the stream itself carries the problem
            yield server_event(problem_for(error).model_dump_json(), kind="problem")

    if STREAMED in request.headers.get("accept", ""):
        return event_stream(events())
    async with aclosing(making):
        async for event in making:
            if event is not None:
                return Response(_made(event).model_dump_json(), media_type="application/json")
            if await request.is_disconnected():
                break
    raise Cancelled("The summary was cancelled.")


@router.post("/summaries", status_code=202, response_model=JobOut, summary="Summarize a collection, or several videos")
def start_summary(body: CollectionSummaryIn, longreel: LongreelDep, key: RequestKey = None) -> Response:
    """Queues a job, which you can stop and resume; when it has finished, GET returns the summary. Existing results are
    reused: only a changed video, and what depends on it, is computed again.
    """
    videos, title = _scope(longreel, body.videos, body.collection)
    hook = hook_of(longreel, body.webhook)
    job = longreel.summary_jobs.submit(videos, body.to_request(), title=title, webhook=hook, request_key=key)
    return JSONResponse(JobOut.of(job).model_dump(mode="json"), 202, {"Location": f"/v1/jobs/{job.id}"})


@router.get("/summaries", summary="Get the summary of a collection or several videos")
def get_collection_summary(
    longreel: LongreelDep,
    video: Annotated[list[str], Query(max_length=1000, description="ids, beginnings of ids or titles")] = [],  # noqa: B006
    collection: Annotated[str, Query(max_length=100, description="id or name: its videos as well")] = "",
    length: schemas.Length = "paragraph",
    style: schemas.Style = "neutral",
    language: Annotated[str | None, Query(pattern="^[a-z]{2,3}$", description="ISO 639-1")] = None,
) -> CollectionSummaryOut:
    """The summary that POST wrote of these videos as they are now. 404 if they have changed, or if there is none."""
    videos, _ = _scope(longreel, video, collection)
    request = SummaryRequest.of(length, style, language)
    stored = longreel.summaries.together(videos, request, stored_only=True)
    return CollectionSummaryOut(
        length=stored.wanted.length,
        style=stored.wanted.style,
        language=stored.wanted.language,
        model=stored.model,
        sections=[_section(section) for section in stored.sections],
        videos=[
            VideoLineOut(video_id=one.video_id, title=one.title, point=PointOut.of(one.point) if one.point else None)
            for one in stored.videos
        ],
    )


def _scope(longreel: Services, names: Sequence[str], collection: str | None) -> tuple[list[Video], str]:
    """The videos, and what to call them. Raises NotFound, and BadInput if the request names nothing."""
    if not names and not collection:
        raise BadInput("The request names nothing to summarize.", "Name videos or a collection.")
    videos = longreel.library.scope(names, collection)
    if collection and not names:
        return videos, longreel.library.collections.find(collection).name
    return videos, f"{len(videos)} videos"


@router.put("/videos/{video}/chapters", summary="Edit the chapters")
def set_chapters(video: VideoDep, body: ChaptersIn, longreel: LongreelDep) -> list[ChapterOut]:
    """Replaces the times and titles. Searches and summaries follow the new chapters. A chapter keeps the citations
    inside it, and its summary unless it is now about something else.
    """
    headings = [Heading(one.start_s, one.title) for one in body.chapters]
    return [ChapterOut.of(chapter) for chapter in longreel.library.set_chapters(video.id, headings)]


def _made(summary: VideoSummary) -> MadeSummaryOut:
    request = summary.wanted
    return MadeSummaryOut(
        video_id=summary.video_id,
        length=request.length,
        style=request.style,
        language=request.language,
        model=summary.model,
        sections=[_section(section) for section in summary.sections],
    )


def _section(section: Section) -> SectionOut:
    start_s, end_s = (section.span.start_s, section.span.end_s) if section.span else (None, None)
    return SectionOut(
        title=section.title,
        start_s=start_s,
        end_s=end_s,
        points=[PointOut.of(p) for p in section.points],
        left_out=section.left_out,
    )
