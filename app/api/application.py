"""The REST API as one application, to be mounted at /v1."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import anyio
from fastapi import FastAPI

from app.api.caching import NoStore
from app.api.description import DescribedApi
from app.api.limits import RateLimit
from app.api.line import WaitingLine
from app.api.ongoing import OngoingQuestions
from app.api.problems import MEDIA_TYPE, install_problems
from app.api.routes import (
    answers,
    ask,
    audio,
    batches,
    chat,
    collections,
    connection,
    editing,
    entities,
    evaluations,
    faces,
    jobs,
    moments,
    plans,
    schedules,
    speakers,
    status,
    summaries,
    system,
    things,
    threads,
    uploads,
    videos,
    webhooks,
)
from app.api.schemas import ProblemOut
from app.api.uploads import WRITERS
from app.bootstrap import Services

ASKING_THREADS, HEARING_THREADS = 8, 2

DESCRIPTION = (
    "Answers questions about long videos and shows where in the video each answer comes from. "
    "Times are seconds on the video's own clock. Errors are problem+json with a code and a hint."
)


def create_api(longreel: Services, login_page: Callable[[str], str]) -> FastAPI:
    """All routes over wired services. `app.state.line` and `hearing_line` should be closed with the server.

    The login needs `app.state.sessions` and `app.state.keys`.
    """
    app = DescribedApi(
        title="Longreel",
        version=version("longreel"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        responses={"default": {"model": ProblemOut, "content": {MEDIA_TYPE: {}}, "description": "A problem"}},
    )
    app.state.longreel = longreel
    app.state.login_page = login_page
    app.state.upload_threads = anyio.CapacityLimiter(WRITERS)
    app.state.picture_threads = anyio.CapacityLimiter(1)
    app.state.line = WaitingLine(ASKING_THREADS)
    app.state.hearing_line = WaitingLine(HEARING_THREADS)
    app.state.ongoing = OngoingQuestions()
    app.state.ready_checks = {}
    install_problems(app)
    for module in (
        videos,
        uploads,
        editing,
        collections,
        summaries,
        moments,
        things,
        speakers,
        faces,
        entities,
        jobs,
        webhooks,
        batches,
        schedules,
        ask,
        plans,
        threads,
        chat,
        audio,
        answers,
        system,
        status,
        connection,
        evaluations,
    ):
        app.include_router(module.router)
    for outer in (NoStore, RateLimit):
        app.add_middleware(outer)
    return app
