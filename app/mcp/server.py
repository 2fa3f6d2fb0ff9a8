"""The tools combined into one server, and its HTTP endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from app.client import AsyncLongreel
from app.client.inprocess import InProcess
from app.core.errors import WorkerFailed
from app.mcp.resources import add_resources
from app.mcp.tools import Toolbox

PATH = "/mcp"

INSTRUCTIONS = (
    "Longreel holds a library of long videos that have been indexed: what was said, written on the screen and shown, "
    "each with its time. Begin with list_videos. Use summarize for an overview, search to find moments, ask for "
    "answers with checked citations, get_transcript to read, get_frames to see. Times are seconds from the start of "
    "the video. Whenever you use something from a video, name the video and the time."
)


class _Server(MCPServer[object]):
    """The library's server, which says in a sentence what is wrong with an argument."""

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> Any:
        """Calls a tool. Raises ToolError."""
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.__cause__.errors()]
            raise ToolError(f"{'; '.join(faults)}. Correct this and call {name} again.") from error.__cause__


def build_server(longreel: AsyncLongreel, *, registers: bool) -> MCPServer[object]:
    """A server over a client of the REST API; for `registers` see `Toolbox`."""
    server = _Server(
        "longreel", title="Longreel", instructions=INSTRUCTIONS, version=version("longreel"), log_level="ERROR"
    )
    tools = Toolbox(longreel, registers=registers)
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    adds = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    for tool in (
        tools.list_videos,
        tools.search,
        tools.find_name,
        tools.ask,
        tools.summarize,
        tools.get_transcript,
        tools.job_status,
    ):
        server.add_tool(tool, annotations=reads)
    server.add_tool(tools.get_frames, annotations=reads, structured_output=False)
    server.add_tool(tools.ingest, annotations=adds)
    add_resources(server, longreel)
    return server


class HttpDoor:
    """Streamable HTTP as part of an application, whose own REST API the tools call in the same process.

    The application's guard, which comes first, decides who may use it.
    """

    def __init__(self, application: ASGIApp, key: str) -> None:
        self._application = application
        self._key = key
        self._inner: Starlette | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serves while the block runs. May be opened again after it was closed."""
        transport = InProcess(self._application)
        async with AsyncLongreel("http://localhost", self._key, transport=transport) as longreel:
            server = build_server(longreel, registers=True)
            guarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)
            inner = server.streamable_http_app(streamable_http_path=PATH, transport_security=guarded)
            async with server.session_manager.run():
                self._inner = inner
                try:
                    yield
                finally:
                    self._inner = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on. Raises WorkerFailed while it is closed."""
        if self._inner is None:
            raise WorkerFailed("The server is not running.", "Start it with: longreel serve")
        await self._inner(scope, receive, send)
