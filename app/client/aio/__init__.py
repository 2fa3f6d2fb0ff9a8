"""The client for programs with an event loop."""

from __future__ import annotations

from app.api.schemas import HealthOut
from app.api.schemas.evaluations import EvaluationOut
from app.api.schemas.status import StatusOut
from app.client.aio.batches import AsyncBatches
from app.client.aio.collections import AsyncCollections
from app.client.aio.questions import AsyncQuestions
from app.client.aio.schedules import AsyncSchedules
from app.client.aio.uploads import AsyncUploads
from app.client.aio.videos import AsyncVideos
from app.client.calls import server as calls


class AsyncLongreel(AsyncVideos, AsyncUploads, AsyncCollections, AsyncQuestions, AsyncBatches, AsyncSchedules):
    """Speaks to one server. A video is named by its id, the beginning of its id, or its title.

    Every call may raise the LongreelError that the server answered, and WorkerFailed when it does not answer.
    Belongs to one event loop.
    """

    async def health(self) -> HealthOut:
        """Whether the server answers, and its version."""
        return await self._do(calls.health())

    async def status(self) -> StatusOut:
        """What the server runs on and what is missing."""
        return await self._do(calls.status())

    async def evaluations(self) -> list[EvaluationOut]:
        """What `longreel eval` has measured on the server's machine, newest first."""
        return await self._do(calls.evaluations())
