"""Dependencies of the routes: the wired services, a video, a job."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeAlias, cast

from fastapi import Depends, Header, Path, Query, Request

from app.api.guard import trusts_this_machine
from app.api.limits import caller_of
from app.api.line import Seat, WaitingLine
from app.api.schemas.webhooks import WebhookIn
from app.bootstrap import Services
from app.core.errors import BadInput
from app.core.types import TimeSpan, Video
from app.jobs.states import Job

JoinLine: TypeAlias = Callable[[Callable[[], None]], Seat]


async def longreel_of(request: Request) -> Services:
    """Everything wired, as the application was given it."""
    return cast(Services, request.app.state.longreel)


async def join_line(request: Request) -> JoinLine:
    """Puts work of this caller in the line of questions. Raises LineFull."""
    line: WaitingLine = request.app.state.line
    longreel = await longreel_of(request)
    return partial(line.join, caller_of(request.scope, longreel.settings.server))


LongreelDep = Annotated[Services, Depends(longreel_of)]
LineDep = Annotated[JoinLine, Depends(join_line)]


RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern="^[ -~]+$",
        description="a key of your choice: while its job is stored, the same key returns the same job",
    ),
]


def video_of(longreel: LongreelDep, video: Annotated[str, Path(description="id or unique beginning of one")]) -> Video:
    """The video that the address names. Raises NotFound."""
    return longreel.library.find(video)


def job_of(longreel: LongreelDep, job: Annotated[str, Path(description="id of a job")]) -> Job:
    """The job that the address names. Raises NotFound."""
    return longreel.jobs.get(job)


def window_of(
    start_s: Annotated[float, Query(ge=0, allow_inf_nan=False)] = 0.0,
    end_s: Annotated[float | None, Query(ge=0, allow_inf_nan=False)] = None,
) -> TimeSpan | None:
    """The stretch of time that the query names; None for all of it. Raises BadInput."""
    if end_s is None:
        return TimeSpan(start_s, sys.float_info.max) if start_s else None
    if end_s < start_s:
        raise BadInput("The window ends before it starts.", "Give start_s <= end_s.")
    return TimeSpan(start_s, end_s)


def hook_of(longreel: Services, webhook: WebhookIn | None) -> dict[str, str] | None:
    """The webhook of a request as a job stores it. Raises BadInput for one that cannot be used."""
    return None if webhook is None else longreel.webhooks.wanted(webhook.url, webhook.secret.get_secret_value())


def trusts_callers(longreel: Services) -> bool:
    """Whether only people who may read this machine's files can call: a loopback address without a key."""
    return trusts_this_machine(longreel.settings.server)


VideoDep = Annotated[Video, Depends(video_of)]
JobDep = Annotated[Job, Depends(job_of)]
WindowDep = Annotated[TimeSpan | None, Depends(window_of)]
