"""Summaries on demand, and chapters edited by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.deps import ExecutorDep, LongreelDep, VideoDep
from app.api.problems import problem_for
from app.api.schemas import ChapterOut, CitationOut
from app.api.schemas.summaries import ChaptersIn, MadeSummaryOut, PointOut, SectionOut, SummaryIn
from app.api.streams import HEARTBEAT, event_stream, pump, server_event
from app.core.errors import Cancelled
from app.services.chapters import Heading
from app.services.summarize import Length, Point, Section, Style, VideoSummary, Wanted

router = APIRouter(prefix="/videos/{video}", tags=["summaries"])

STREAMED = "text/event-stream"
HEARTBEAT_S = 2.0

Making = AsyncIterator[VideoSummary | None]


@router.post(
    "/summaries",
    summary="Summarize a video",
    response_model=MadeSummaryOut,
    responses={200: {"content": {STREAMED: {"example": 'event: summary\ndata: {"video_id": …}'}}}},
)
async def make_summary(
    video: VideoDep, wanted: SummaryIn, request: Request, longreel: LongreelDep, executor: ExecutorDep
) -> Response:
    """In the length, style and language that are wanted; each sentence cites its moments. What was made before is used.

    With `Accept: text/event-stream` heartbeats come while it is made; the one event is `summary` or `problem`.
    A client that goes away cancels it; what was made of it is kept.
    """
    asked = Wanted(Length(wanted.length), Style(wanted.style), wanted.language)

    def work(gone: Callable[[], bool]) -> Iterator[VideoSummary]:
        yield longreel.summaries.summarize(video, asked, cancelled=gone)

    making = pump(work, executor, every_s=HEARTBEAT_S)
    if STREAMED in request.headers.get("accept", ""):
        return event_stream(_told(making))
    async with aclosing(making):
        async for made in making:
            if made is not None:
                return Response(_made(made).model_dump_json(), media_type="application/json")
            if await request.is_disconnected():
                break
    raise Cancelled("The summary was cancelled.")


async def _told(making: Making) -> AsyncIterator[bytes]:
    try:
        async for made in making:
            yield server_event(_made(made).model_dump_json(), kind="summary") if made else HEARTBEAT
    except Exception as error:  # noqa: BLE001 - the status is sent already: the stream itself tells the problem
        yield server_event(problem_for(error).model_dump_json(), kind="problem")


@router.put("/chapters", summary="Edit the chapters")
def set_chapters(video: VideoDep, given: ChaptersIn, longreel: LongreelDep) -> list[ChapterOut]:
    """Replaces borders and titles. Searches and summaries on demand follow the new chapters.

    A chapter keeps the citations that lie in it, and its summary unless it became about something else.
    """
    headings = [Heading(one.start_s, one.title) for one in given.chapters]
    return [ChapterOut.of(chapter) for chapter in longreel.library.set_chapters(video.id, headings)]


def _made(summary: VideoSummary) -> MadeSummaryOut:
    wanted = summary.wanted
    return MadeSummaryOut(
        video_id=summary.video_id,
        length=wanted.length,
        style=wanted.style,
        language=wanted.language,
        model=summary.model,
        sections=[_section(section) for section in summary.sections],
    )


def _section(section: Section) -> SectionOut:
    start_s, end_s = (section.span.start_s, section.span.end_s) if section.span else (None, None)
    return SectionOut(title=section.title, start_s=start_s, end_s=end_s, points=[_point(p) for p in section.points])


def _point(point: Point) -> PointOut:
    return PointOut(text=point.text, label=point.label, citations=[CitationOut.of(one) for one in point.citations])
