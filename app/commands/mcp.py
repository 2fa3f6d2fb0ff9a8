"""The command that serves other programs' language models over standard input and output."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import httpx
import typer

from app.core.settings import Settings, load_settings
from app.services.ownership import owned, server_of
from app.terminal import consoles

if TYPE_CHECKING:
    from app.client import AsyncLongreel

PROBE_S = 1.0


def mcp(
    url: Annotated[
        str | None, typer.Option(help="A running server, such as http://127.0.0.1:7860; default: one on this machine.")
    ] = None,
) -> None:
    """Give assistants access over the Model Context Protocol, on standard input and output.

    Uses a running server if there is one, and otherwise opens the library itself. A running server also
    speaks the protocol over HTTP, at /mcp.
    """
    settings = load_settings()
    address = url or _running(settings)
    source = f"the server at {address}" if address else f"the library in {settings.data}"
    consoles()[1].print(f"Longreel is ready for an assistant, with {source}.", soft_wrap=True)

    async def serve() -> None:
        from app.mcp.server import build_server

        opened = _remote(settings, address) if address else _own(settings)
        async with opened as (longreel, registers):
            await build_server(longreel, registers=registers).run_stdio_async()

    asyncio.run(serve())


@asynccontextmanager
async def _remote(settings: Settings, address: str) -> AsyncIterator[tuple[AsyncLongreel, bool]]:
    """A client of a running server; one on this machine without a key ingests files by their path."""
    from app.api.guard import is_loopback, key_of
    from app.client import AsyncLongreel

    key = key_of(settings.server)
    async with AsyncLongreel(address, key) as longreel:
        yield longreel, not key and is_loopback(urlsplit(address).hostname or "")


@asynccontextmanager
async def _own(settings: Settings) -> AsyncIterator[tuple[AsyncLongreel, bool]]:
    """A client of an application in this process, which nothing else can reach."""
    from app.client import AsyncLongreel
    from app.client.inprocess import InProcess
    from app.main import create_app

    alone = settings.server.model_copy(update={"host": "127.0.0.1", "api_key": None})
    app = create_app(settings.model_copy(update={"server": alone}), page=False)
    own = AsyncLongreel("http://localhost", transport=InProcess(app))
    with owned(settings, "the command longreel mcp"):
        async with app.router.lifespan_context(app), own as longreel:
            yield longreel, True


def _running(settings: Settings) -> str | None:
    """The server that serves this library; None if there is none."""
    if not settings.chroma_url:
        return server_of(settings) or None
    address, key = settings.server.local_url, settings.server.api_key
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    try:
        response = httpx.get(f"{address}/v1/health", headers=headers, timeout=PROBE_S, trust_env=False)
        return address if response.is_success and response.json().get("status") == "ok" else None
    except (httpx.HTTPError, ValueError, AttributeError):
        return None
