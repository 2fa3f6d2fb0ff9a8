"""Answers a question for every route that asks one: streams its steps, then its answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from app.api.deps import JoinLine
from app.api.schemas import AnswerOut
from app.api.streams import CHECK_S, HEARTBEAT_S, pump
from app.bootstrap import Services
from app.core.errors import Cancelled
from app.core.events import Event
from app.core.requests import AskRequest
from app.core.types import Turn, Video

Steps = AsyncGenerator[Event | None]
"""Events as they happen; None now and then while nothing does."""


async def named(longreel: Services, names: Sequence[str], collection: str | None = None) -> list[Video]:
    """The videos that a question names, one by one or as a collection. Raises NotFound."""
    return await run_in_threadpool(longreel.library.scope, names, collection)


def steps_of(
    longreel: Services,
    join: JoinLine,
    request: AskRequest,
    videos: Sequence[Video],
    *,
    finish: bool = False,
    turns: Sequence[Turn] = (),
) -> Steps:
    """The agent's steps; closing the generator cancels the question, unless it has begun and shall `finish`."""
    limits = longreel.settings.agent.at_most(request.max_steps, request.max_seconds)

    def work(gone: Callable[[], bool]) -> Iterator[Event]:
        return longreel.ask.stream(request, videos, turns=turns, limits=limits, cancelled=gone)

    return pump(work, join, finish=finish)


async def answer_of(steps: Steps, request: Request) -> AnswerOut:
    """The answer at the end of the steps. Raises what the agent raised; Cancelled when the caller went away."""
    events: list[Event] = []
    async for step in steps:
        if step is not None:
            events.append(step)
        elif await request.is_disconnected():
            await steps.aclose()
            raise Cancelled("The question was cancelled.")
    return AnswerOut.from_events(events)


async def paced(steps: Steps) -> Steps:
    """The steps, with None only when it is time for a heartbeat."""
    silent_s = 0.0
    async with aclosing(steps):
        async for step in steps:
            silent_s = 0.0 if step else silent_s + CHECK_S
            if step is not None:
                yield step
            elif silent_s >= HEARTBEAT_S:
                silent_s = 0.0
                yield None
