"""What routes ask for: the wired product, a video, a job."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Annotated, cast

from fastapi import Depends, Path, Request

from app.api.guard import is_loopback, key_of
from app.bootstrap import Longreel
from app.core.types import Video
from app.jobs.states import Job


def longreel_of(request: Request) -> Longreel:
    """Everything wired, as the application was given it."""
    return cast(Longreel, request.app.state.longreel)


def executor_of(request: Request) -> Executor:
    """The threads in which questions are answered."""
    return cast(Executor, request.app.state.executor)


LongreelDep = Annotated[Longreel, Depends(longreel_of)]
ExecutorDep = Annotated[Executor, Depends(executor_of)]


def video_of(longreel: LongreelDep, video: Annotated[str, Path(description="id or unique beginning of one")]) -> Video:
    """The video that the address names. Raises NotFound."""
    return longreel.library.find(video)


def job_of(longreel: LongreelDep, job: Annotated[str, Path(description="id of a job")]) -> Job:
    """The job that the address names. Raises NotFound."""
    return longreel.jobs.get(job)


def trusts_callers(longreel: Longreel) -> bool:
    """Whether only people who may read this machine's files can call: a loopback address without a key."""
    server = longreel.settings.server
    return is_loopback(server.host) and not key_of(server)


VideoDep = Annotated[Video, Depends(video_of)]
JobDep = Annotated[Job, Depends(job_of)]
