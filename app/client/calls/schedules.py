"""Folders that are watched."""

from __future__ import annotations

from app.api.schemas.schedules import ScheduleChange, ScheduleIn, ScheduleOut
from app.client.call import Call, model, models, nothing, quoted
from app.client.caller import Caller


class Schedules(Caller):
    """The calls about schedules."""

    async def schedules(self) -> list[ScheduleOut]:
        """Watched folders, the oldest first, each with what its last look came to."""
        return await self._do(Call("GET", "/v1/schedules", models(ScheduleOut)))

    async def add_schedule(self, asked: ScheduleIn) -> ScheduleOut:
        """Watches a folder of the server's machine; only a loopback server without a key allows it."""
        return await self._do(Call("POST", "/v1/schedules", model(ScheduleOut), json=asked.model_dump()))

    async def schedule(self, id: str) -> ScheduleOut:
        """One schedule: when it is next due, and what its last look came to."""
        return await self._do(Call("GET", _schedule(id), model(ScheduleOut)))

    async def change_schedule(self, id: str, change: ScheduleChange) -> ScheduleOut:
        """Changes what the change names; the rest stays."""
        told = change.model_dump(exclude_unset=True)
        return await self._do(Call("PATCH", _schedule(id), model(ScheduleOut), json=told))

    async def run_schedule(self, id: str) -> ScheduleOut:
        """Looks into the folder now; its other times stay."""
        return await self._do(Call("POST", _schedule(id, "/run"), model(ScheduleOut)))

    async def delete_schedule(self, id: str) -> None:
        """Ends the watching of a folder; what came of it stays."""
        await self._do(Call("DELETE", _schedule(id), nothing))


def _schedule(id: str, rest: str = "") -> str:
    return f"/v1/schedules/{quoted(id)}{rest}"
