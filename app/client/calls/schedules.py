"""Watched folders."""

from __future__ import annotations

from app.api.schemas.schedules import ScheduleChange, ScheduleIn, ScheduleOut
from app.client.call import Call, model, models, nothing, quoted
from app.client.caller import Caller


class Schedules(Caller):
    """The calls about schedules."""

    async def schedules(self) -> list[ScheduleOut]:
        """Watched folders, oldest first, each with the result of its last check."""
        return await self._do(Call("GET", "/v1/schedules", models(ScheduleOut)))

    async def add_schedule(self, schedule: ScheduleIn) -> ScheduleOut:
        """Watches a folder on the server's machine; allowed only on a loopback server without a key."""
        return await self._do(Call("POST", "/v1/schedules", model(ScheduleOut), json=schedule.model_dump()))

    async def schedule(self, id: str) -> ScheduleOut:
        """One schedule: when it is due next, and the result of its last check."""
        return await self._do(Call("GET", _schedule(id), model(ScheduleOut)))

    async def change_schedule(self, id: str, change: ScheduleChange) -> ScheduleOut:
        """Changes the fields that are set; the rest stays."""
        body = change.model_dump(exclude_unset=True)
        return await self._do(Call("PATCH", _schedule(id), model(ScheduleOut), json=body))

    async def run_schedule(self, id: str) -> ScheduleOut:
        """Checks the folder now; its other times stay the same."""
        return await self._do(Call("POST", _schedule(id, "/run"), model(ScheduleOut)))

    async def delete_schedule(self, id: str) -> None:
        """Stops watching a folder; its videos stay."""
        await self._do(Call("DELETE", _schedule(id), nothing))


def _schedule(id: str, rest: str = "") -> str:
    return f"/v1/schedules/{quoted(id)}{rest}"
