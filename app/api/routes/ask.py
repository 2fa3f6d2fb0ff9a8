"""Questions: one JSON answer, or the agent's steps as they happen."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.asking import Steps, answer_of, named, paced, steps_of
from app.api.deps import LineDep, LongreelDep
from app.api.line import Seat
from app.api.problems import problem_for
from app.api.schemas import AnswerOut, AskIn, example_answer
from app.api.streams import HEARTBEAT, event_stream, server_event
from app.core.events import EVENT, Answered, Event, Failed

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
async def ask(asked: AskIn, request: Request, longreel: LongreelDep, join: LineDep) -> Response:
    """With `Accept: text/event-stream` each step is an event; the last is `answer` or `problem`.

    A client that goes away cancels its question; with `keep` only one that still waits in line. Questions of several
    callers are begun in turn: the event `waiting` tells the place in line; 429 when too many wait.
    """
    videos = await named(longreel, asked.videos, asked.collection)
    limits = longreel.settings.agent.at_most(asked.max_steps, asked.max_seconds)
    how = (asked.options, asked.thread_id, asked.plan, asked.run_id, limits)
    seats: list[Seat] = []

    def join_once(work: Callable[[], None]) -> Seat:
        seats.append(join(work))
        return seats[0]

    steps = steps_of(longreel, join_once, asked.question, videos, *how, finish=asked.keep)
    if STREAMED in request.headers.get("accept", ""):
        return event_stream(_told(steps, seats[0]))
    answer = await answer_of(steps, request)
    return Response(answer.model_dump_json(), media_type="application/json")


async def _told(steps: Steps, seat: Seat) -> AsyncIterator[bytes]:
    events: list[Event] = []
    try:
        async for step in paced(steps):
            if step is None:
                place = seat.place
                yield server_event(json.dumps({"place": place}), kind="waiting") if place else HEARTBEAT
                continue
            events.append(step)
            if not isinstance(step, Answered | Failed):
                data = EVENT.dump_json(step).decode()
                yield server_event(data, kind=step.type, number=len(events))
        yield server_event(AnswerOut.from_events(events).model_dump_json(), kind="answer")
    except Exception as error:  # noqa: BLE001 - the status is sent already: the stream itself tells the problem
        yield server_event(problem_for(error).model_dump_json(), kind="problem")
