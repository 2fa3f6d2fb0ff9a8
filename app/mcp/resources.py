"""What an assistant can attach to a conversation: the library, and the transcript and summary of each video."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError

from app.client import AsyncLongreel
from app.core.errors import LongreelError
from app.core.timecode import clock
from app.mcp.results import VideoEntry, VideoList

MOST_LISTED = 200


def add_resources(server: MCPServer[object], longreel: AsyncLongreel) -> None:
    """Adds them to a server."""

    @server.resource("longreel://videos", title="The videos of the library", mime_type="application/json")
    async def videos() -> str:
        """The newest videos with id, title, length and state."""
        try:
            videos_out = await longreel.videos()
        except LongreelError as error:
            raise ResourceError(str(error)) from error
        return VideoList(
            videos=[VideoEntry.of(video) for video in videos_out[:MOST_LISTED]], total=len(videos_out)
        ).model_dump_json()

    @server.resource("longreel://videos/{video}/transcript", title="What is said in a video", mime_type="text/plain")
    async def transcript(video: str) -> str:
        """Every sentence with its time; `video` is an id, the beginning of one, or a title."""
        try:
            utterances = await longreel.transcript(video)
        except LongreelError as error:
            raise ResourceError(str(error)) from error
        return "\n".join(
            f"{clock(one.start_s)} {f'{one.speaker}: ' if one.speaker else ''}{one.text}" for one in utterances
        )

    @server.resource("longreel://videos/{video}/summary", title="A video in short", mime_type="text/plain")
    async def summary(video: str) -> str:
        """The summary, and a line for each chapter with its time."""
        try:
            short = await longreel.summary(video)
        except LongreelError as error:
            raise ResourceError(str(error)) from error
        return "\n".join([short.summary, *(f"{clock(one.start_s)} {one.title}" for one in short.chapters)])
