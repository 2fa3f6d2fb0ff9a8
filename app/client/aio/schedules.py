"""Folders that are watched, for programs with an event loop."""

from __future__ import annotations

from app.api.schemas.schedules import ScheduleChange, ScheduleIn, ScheduleOut
from app.client.aio.line import AsyncLine
from app.client.calls import schedules as calls


class AsyncSchedules(AsyncLine):
    """The calls about schedules."""

    async def schedules(self) -> list[ScheduleOut]:
        """Watched folders, the oldest first, each with what its last look came to."""
        return await self._do(calls.schedules())

    async def add_schedule(self, asked: ScheduleIn) -> ScheduleOut:
        """Watches a folder of the server's machine; only a loopback server without a key allows it."""
        return await self._do(calls.add_schedule(asked))

    async def schedule(self, id: str) -> ScheduleOut:
        """One schedule: when it is next due, and what its last look came to."""
        return await self._do(calls.schedule(id))

    async def change_schedule(self, id: str, change: ScheduleChange) -> ScheduleOut:
        """Changes what the change names; the rest stays."""
        return await self._do(calls.change_schedule(id, change))

    async def run_schedule(self, id: str) -> ScheduleOut:
        """Looks into the folder now; its other times stay."""
        return await self._do(calls.run_schedule(id))

    async def delete_schedule(self, id: str) -> None:
        """Ends the watching of a folder; what came of it stays."""
        await self._do(calls.delete_schedule(id))
