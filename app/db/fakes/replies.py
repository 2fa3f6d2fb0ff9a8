"""Stored replies to repeated requests, in memory, for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.core.replies import HELD_S, KEPT_S, Earlier, StoredReply
from app.db.replies import mentions


@dataclass(frozen=True, slots=True)
class _Held:
    """Who has a key, until when, and what came of it."""

    owner: str
    until: float
    earlier: Earlier


class MemoryReplies:
    """The port ReplyStore in a dictionary."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}

    def begin(self, key: str, request: str, owner: str) -> Earlier | None:
        """Claims the key for a request, or returns what holds it."""
        with self._lock:
            now = self._clock()
            self._held = {name: held for name, held in self._held.items() if held.until >= now}
            if key in self._held:
                return self._held[key].earlier
            self._held[key] = _Held(owner, now + HELD_S, Earlier(request, None))
            return None

    def renew(self, key: str, owner: str) -> None:
        """Keeps the key for another minute."""
        with self._lock:
            if self._is_held(key, owner):
                self._held[key] = replace(self._held[key], until=self._clock() + HELD_S)

    def keep(self, key: str, owner: str, reply: StoredReply) -> None:
        """Keeps the answer for a day."""
        with self._lock:
            if self._is_held(key, owner):
                earlier = replace(self._held[key].earlier, reply=reply)
                self._held[key] = _Held(owner, self._clock() + KEPT_S, earlier)

    def drop(self, key: str, owner: str) -> None:
        """Gives the key back."""
        with self._lock:
            if self._is_held(key, owner):
                del self._held[key]

    def forget(self, words: Sequence[str]) -> None:
        """Deletes the answers in which any of these words stands."""
        with self._lock:
            self._held = {key: held for key, held in self._held.items() if not mentions(held.earlier.reply, words)}

    def _is_held(self, key: str, owner: str) -> bool:
        held = self._held.get(key)
        return held is not None and held.owner == owner and held.earlier.reply is None
