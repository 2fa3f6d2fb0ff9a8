"""The server: REST API, web page and worker threads in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from app.api.application import create_api
from app.api.bodies import BodyLimit
from app.api.guard import Guard, check_address, key_of
from app.api.keys import KeyCheck
from app.api.problems import install_problems
from app.api.proxies import BehindProxy
from app.api.sessions import ENDED, Sessions
from app.bootstrap import Services, build
from app.core.settings import Settings
from ui.login import login_page

STOP_S = 10.0
"""How long a stopping server waits for its workers; what they do not finish goes on at the next start."""
NOTICE_STOP_S = 2.0
"""How long it waits for a notice on its way to a webhook, which is sent again at the next start."""


def create_app(settings: Settings, longreel: Services | None = None, *, page: bool = True) -> FastAPI:
    """The whole server; `longreel` is built from the settings unless given. Raises BadSettings.

    Without the page only /v1 and /mcp answer, and nothing of the page's framework is loaded.
    """
    from app.mcp.server import PATH, HttpDoor

    check_address(settings)
    wired = longreel or build(settings)
    api = create_api(wired, login_page)
    api.state.keys = KeyCheck(key_of(settings.server))
    api.state.sessions = Sessions(key_of(settings.server), settings.data / ENDED)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        wired.chores.start()
        if settings.server.warm_up:
            wired.warm_up.start()
        if settings.server.workers:
            wired.worker.start()
            wired.webhooks.worker.start()
        try:
            async with door.open():
                yield
        finally:
            wired.ask.close()
            api.state.line.close()
            api.state.hearing_line.close()
            await run_in_threadpool(wired.warm_up.stop, STOP_S)
            await run_in_threadpool(wired.chores.stop, STOP_S)
            if settings.server.workers:
                await run_in_threadpool(wired.webhooks.worker.stop, NOTICE_STOP_S)
                await run_in_threadpool(wired.worker.stop, STOP_S)

    app = FastAPI(title="Longreel", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    install_problems(app)
    app.mount("/v1", api)
    door = HttpDoor(app, key_of(settings.server))
    app.router.routes.append(Route(PATH, endpoint=door))
    if page:
        from ui.blocks import mount_page

        mount_page(app, settings.server.api_key)
    app.add_middleware(BodyLimit)
    app.add_middleware(
        Guard, server=settings.server, login_page=login_page, sessions=api.state.sessions, keys=api.state.keys
    )
    app.add_middleware(BehindProxy, server=settings.server)
    return app
