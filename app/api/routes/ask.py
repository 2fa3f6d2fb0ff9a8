"""Questions: one JSON answer, or the agent's steps as they happen."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.asking import Steps, answer_of, named, paced, steps_of
from app.api.deps import LineDep, LongreelDep
from app.api.line import Seat
from app.api.ongoing import OngoingQuestion, OngoingQuestions
from app.api.problems import problem_for
from app.api.schemas import AnswerOut, AskIn, example_answer
from app.api.schemas.answers import QuestionOut
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
async def ask(body: AskIn, request: Request, longreel: LongreelDep, join: LineDep) -> Response:
    """With `Accept: text/event-stream` each step is an event; the last one is `answer` or `problem`. If the client
    disconnects, the question is cancelled.

    With `keep` it is answered and stored anyway; with `keep` and a `run_id` you can rejoin it under /questions. The
    server takes questions from different callers in turn: the event `waiting` gives the place in the queue. If too many
    are waiting, the status is 429.
    """
    ongoing: OngoingQuestions = request.app.state.ongoing
    whole = body.to_request()
    can_rejoin = whole.keep and bool(whole.run)
    videos = await named(longreel, whole.videos, whole.collection)
    if can_rejoin:  # nothing may be awaited between this and `add`
        ongoing.check_free(whole.run)
    seats: list[Seat] = []

    def join_once(work: Callable[[], None]) -> Seat:
        seats.append(join(work))
        return seats[0]

    steps = steps_of(longreel, join_once, whole, videos, finish=whole.keep and not can_rejoin)
    if can_rejoin:
        question = OngoingQuestion(whole, seats[0], steps)
        ongoing.add(question)
        steps = question.read()
    if STREAMED in request.headers.get("accept", ""):
        return event_stream(_as_events(steps, seats[0]))
    answer = await answer_of(steps, request)
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get("/questions/{run_id}", summary="Get the state of a question")
async def get_question(run_id: str, request: Request) -> QuestionOut:
    """The state of a question that was asked with `keep` and this `run_id`, until ten minutes after its end."""
    question = _ongoing(request, run_id)
    return QuestionOut(
        run_id=run_id,
        question=question.request.question,
        thread_id=question.request.thread or None,
        state=question.state,
        answer_id=question.answer_id or None,
    )


@router.get(
    "/questions/{run_id}/events",
    summary="Rejoin a question",
    response_class=Response,
    responses={200: {"content": {STREAMED: {"example": SSE_EXAMPLE}}}},
)
async def rejoin_question(run_id: str, request: Request) -> Response:
    """Streams all steps from the first, then new ones, like POST /ask."""
    question = _ongoing(request, run_id)
    return event_stream(_as_events(question.read(), question.seat))


@router.delete("/questions/{run_id}", summary="Cancel a question", status_code=204, response_class=Response)
async def cancel_question(run_id: str, request: Request) -> Response:
    """Stops it wherever it is. A question that has ended does not change."""
    await _ongoing(request, run_id).cancel()
    return Response(status_code=204)


def _ongoing(request: Request, run_id: str) -> OngoingQuestion:
    questions: OngoingQuestions = request.app.state.ongoing
    return questions.find(run_id)


async def _as_events(steps: Steps, seat: Seat) -> AsyncIterator[bytes]:
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
    except Exception as error:  # noqa: BLE001 - the status is sent already: the stream itself carries the problem
        yield server_event(problem_for(error).model_dump_json(), kind="problem")
