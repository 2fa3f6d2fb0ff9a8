"""Answers that are kept, so that a request that is sent twice is carried out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class StoredReply:
    """An answer as it went over the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Earlier:
    """What came before under the same key: which request, and its answer unless that is still being made."""

    request: str
    reply: StoredReply | None


@runtime_checkable
class ReplyStore(Protocol):
    """Keeps the answers to requests by the keys that their senders chose. Each call is one transaction.

    Many processes may call at once: of several that begin the same key, one succeeds. `owner` is new for
    each request; who lost a key to another, since it did not renew it, changes nothing any more.
    """

    def begin(self, key: str, request: str, owner: str) -> Earlier | None:
        """Takes the key for a request, for a minute; or tells what has it."""
        ...

    def renew(self, key: str, owner: str) -> None:
        """Keeps the key for another minute: the request is still at work."""
        ...

    def keep(self, key: str, owner: str, reply: StoredReply) -> None:
        """Keeps the answer for a day."""
        ...

    def drop(self, key: str, owner: str) -> None:
        """Gives the key back: the request came to nothing."""
        ...

    def forget(self, words: Sequence[str]) -> None:
        """Deletes the answers in which any of these words stands, such as ids of what was deleted."""
        ...


HELD_S = 60.0
"""How long a key is held by a request that does not renew it."""
KEPT_S = 24 * 3600.0
"""How long an answer is kept."""
