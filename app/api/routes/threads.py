"""Conversations: start, list, read and delete them. Questions go to /ask with `thread_id`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from app.api.asking import named
from app.api.deps import LongreelDep
from app.api.pages import CursorQuery, LimitQuery, link_next, page
from app.api.schemas import AnswerOut
from app.api.schemas.threads import ConversationOut, ThreadIn, ThreadOut, TurnOut
from app.core.stored_answers import load_answer, load_trace
from app.db.threads import Thread

router = APIRouter(tags=["conversations"])


def thread_of(
    longreel: LongreelDep, thread: Annotated[str, Path(description='id or unique beginning of one, or "last"')]
) -> Thread:
    """The thread in the address. Raises NotFound."""
    return longreel.ask.threads.find(thread)


ThreadDep = Annotated[Thread, Depends(thread_of)]


@router.post("/threads", status_code=201, response_model=ThreadOut, summary="Start a conversation")
async def add_thread(body: ThreadIn, longreel: LongreelDep) -> Response:
    """Ask its questions with `thread_id`; they may refer back: "and after that?", "who said it?"."""
    videos = await named(longreel, body.videos, body.collection)
    thread = _thread(await run_in_threadpool(longreel.ask.threads.start, videos, body.title.strip()))
    return JSONResponse(thread.model_dump(mode="json"), 201, {"Location": f"/v1/threads/{thread.id}"})


@router.get("/threads", summary="List conversations, last used first")
def list_threads(
    longreel: LongreelDep,
    request: Request,
    response: Response,
    limit: LimitQuery = 50,
    cursor: CursorQuery = "",
) -> list[ThreadOut]:
    """Without their turns. `Link` leads to the next page."""
    threads = longreel.ask.threads.threads()
    chosen, following = page(threads, lambda one: (one.used_at, one.id), cursor, limit, descending=True)
    link_next(request, response, following)
    return [_thread(thread) for thread in chosen]


@router.get("/threads/{thread}", summary="Get a conversation")
def get_thread(thread: ThreadDep, longreel: LongreelDep) -> ConversationOut:
    """With its questions as asked and as understood, and the answers with their citations."""
    turns = []
    for turn in longreel.ask.threads.turns(thread):
        answer = AnswerOut.of(load_answer(turn.answer), load_trace(turn.trace), turn.answer_id)
        asked_at = _utc(turn.asked_at)
        turns.append(TurnOut(question=turn.question, understood=turn.understood, asked_at=asked_at, answer=answer))
    return ConversationOut(**_thread(thread).model_dump(), turns=turns)


@router.delete("/threads/{thread}", status_code=204, summary="Delete a conversation")
def delete_thread(thread: ThreadDep, longreel: LongreelDep) -> None:
    """Its answers stay."""
    longreel.ask.threads.delete(thread)


def _thread(thread: Thread) -> ThreadOut:
    times = {"created_at": _utc(thread.created_at), "used_at": _utc(thread.used_at)}
    return ThreadOut.model_validate({**asdict(thread), **times})


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
