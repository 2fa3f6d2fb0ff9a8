"""Schedules in memory: for tests, and for one process that does not have to remember."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.db.schedules import FileState, Schedule, no_such_schedule


class MemorySchedules:
    """Schedules in dictionaries, with the same methods as `SqlSchedules`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._all: dict[str, Schedule] = {}
        self._looks: dict[str, dict[str, FileState]] = {}

    def all(self) -> list[Schedule]:
        """All, the oldest first."""
        with self._lock:
            return list(self._all.values())

    def get(self, id: str) -> Schedule:
        """One. Raises NotFound."""
        with self._lock:
            if id not in self._all:
                raise no_such_schedule(id)
            return self._all[id]

    def add(self, schedule: Schedule) -> None:
        """Keeps a new one."""
        with self._lock:
            self._all[schedule.id], self._looks[schedule.id] = schedule, {}

    def change(self, schedule: Schedule) -> None:
        """Keeps it as it is now. Raises NotFound."""
        with self._lock:
            self.get(schedule.id)
            self._all[schedule.id] = schedule

    def remove(self, id: str) -> None:
        """Forgets one and what was seen in its folder. Raises NotFound."""
        with self._lock:
            self.get(id)
            del self._all[id], self._looks[id]

    def claim(self, now: float, lease_s: float) -> Schedule | None:
        """A due schedule, leased to the caller until the lease ends or `ran` is called; None if there is none."""
        with self._lock:
            for one in sorted(self._all.values(), key=lambda one: one.next_at):
                if not one.paused and one.next_at <= now and (one.lease_until is None or one.lease_until < now):
                    self.change(replace(one, lease_until=now + lease_s))
                    return self._all[one.id]
            return None

    def ran(self, id: str, outcome: dict[str, Any], now: float, next_at: float) -> None:
        """It was done, and is due again at `next_at`; no error when it is gone."""
        with self._lock:
            if id in self._all:
                self.change(replace(self._all[id], last_at=now, outcome=outcome, next_at=next_at, lease_until=None))

    def hasten(self, id: str, at: float) -> None:
        """Makes it due at `at` unless it is due earlier; no error when it is gone."""
        with self._lock:
            if id in self._all and self._all[id].next_at > at:
                self.change(replace(self._all[id], next_at=at))

    def looks(self, id: str) -> dict[str, FileState]:
        """What was seen in its folder, by file."""
        with self._lock:
            return dict(self._looks.get(id, {}))

    def keep_looks(self, id: str, looks: Mapping[str, FileState]) -> None:
        """Adds or replaces what was seen. Raises NotFound."""
        with self._lock:
            self.get(id)
            self._looks[id].update(looks)
