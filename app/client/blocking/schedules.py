"""Folders that are watched, for programs that wait."""

from __future__ import annotations

from app.api.schemas.schedules import ScheduleChange, ScheduleIn, ScheduleOut
from app.client.blocking.line import Line
from app.client.calls import schedules as calls


class Schedules(Line):
    """The calls about schedules."""

    def schedules(self) -> list[ScheduleOut]:
        """Watched folders, the oldest first, each with what its last look came to."""
        return self._do(calls.schedules())

    def add_schedule(self, asked: ScheduleIn) -> ScheduleOut:
        """Watches a folder of the server's machine; only a loopback server without a key allows it."""
        return self._do(calls.add_schedule(asked))

    def schedule(self, id: str) -> ScheduleOut:
        """One schedule: when it is next due, and what its last look came to."""
        return self._do(calls.schedule(id))

    def change_schedule(self, id: str, change: ScheduleChange) -> ScheduleOut:
        """Changes what the change names; the rest stays."""
        return self._do(calls.change_schedule(id, change))

    def run_schedule(self, id: str) -> ScheduleOut:
        """Looks into the folder now; its other times stay."""
        return self._do(calls.run_schedule(id))

    def delete_schedule(self, id: str) -> None:
        """Ends the watching of a folder; what came of it stays."""
        self._do(calls.delete_schedule(id))
