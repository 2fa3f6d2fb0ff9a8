"""Questions: one JSON answer, or the agent's steps as they happen."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.api.deps import ExecutorDep, LongreelDep
from app.api.problems import problem_for
from app.api.schemas import AnswerOut, AskIn, example_answer
from app.api.streams import CHECK_S, HEARTBEAT, HEARTBEAT_S, event_stream, pump, server_event
from app.bootstrap import Longreel
from app.core.errors import Cancelled
from app.core.events import EVENT, Answered, Event, Failed
from app.core.types import Video

router = APIRouter(tags=["questions"])

STREAMED = "text/event-stream"
SSE_EXAMPLE = 'id: 1\nevent: planned\ndata: {"type": "planned", …}\n\nevent: answer\ndata: {"status": "answered", …}'


@router.post(
    "/ask",
    summary="Ask about videos",
    response_model=AnswerOut,
    responses={
        200: {"content": {"application/json": {"example": example_answer()}, STREAMED: {"example": SSE_EXAMPLE}}}
    },
)
async def ask(asked: AskIn, request: Request, longreel: LongreelDep, executor: ExecutorDep) -> Response:
    """With `Accept: text/event-stream` each step is an event; the last is `answer` or `problem`.

    A client that goes away cancels its question.
    """
    videos = await run_in_threadpool(_find_all, longreel, asked.videos)
    steps = pump(_asking(longreel, asked, videos), executor)
    if STREAMED in request.headers.get("accept", ""):
        return event_stream(_told(steps))
    events: list[Event] = []
    async for step in steps:
        if step is not None:
            events.append(step)
        elif await request.is_disconnected():
            await steps.aclose()
            raise Cancelled("The question was cancelled.")
    answer = AnswerOut.from_events(events)
    return Response(answer.model_dump_json(), media_type="application/json")


def _find_all(longreel: Longreel, names: Sequence[str]) -> list[Video]:
    return [longreel.library.find(name) for name in names]


def _asking(
    longreel: Longreel, asked: AskIn, videos: Sequence[Video]
) -> Callable[[Callable[[], bool]], Iterator[Event]]:
    return lambda gone: longreel.ask.stream(asked.question, videos, options=asked.options, cancelled=gone)


async def _told(steps: AsyncGenerator[Event | None]) -> AsyncIterator[bytes]:
    events: list[Event] = []
    silent_s = 0.0
    try:
        async for step in steps:
            silent_s = 0.0 if step else silent_s + CHECK_S
            if step is None:
                if silent_s >= HEARTBEAT_S:
                    silent_s = 0.0
                    yield HEARTBEAT
                continue
            events.append(step)
            if not isinstance(step, Answered | Failed):
                data = EVENT.dump_json(step).decode()
                yield server_event(data, kind=step.type, number=len(events))
        yield server_event(AnswerOut.from_events(events).model_dump_json(), kind="answer")
    except Exception as error:  # noqa: BLE001 - the status is sent already: the stream itself tells the problem
        yield server_event(problem_for(error).model_dump_json(), kind="problem")
