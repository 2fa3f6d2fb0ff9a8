"""Stored HTTP responses, so that a request that is sent twice runs once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A response as it was sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier request with the same key, and its response unless it is still running."""

    request: str
    reply: StoredReply | None


@runtime_checkable
class ReplyStore(Protocol):
    """Stores the responses to requests by keys that their senders choose. Each call is one transaction.

    Many processes may call at once: if several begin the same key, one succeeds. `owner` is new for
    each request; an owner that did not renew a key and lost it can no longer change anything.
    """

    def begin(self, key: str, request: str, owner: str) -> Earlier | None:
        """Takes the key for a request, for a minute; or returns the earlier request that has it."""
        ...

    def renew(self, key: str, owner: str) -> None:
        """Holds the key for another minute: the request is still running."""
        ...

    def keep(self, key: str, owner: str, reply: StoredReply) -> None:
        """Stores the response for a day."""
        ...

    def drop(self, key: str, owner: str) -> None:
        """Releases the key: the request failed."""
        ...

    def forget(self, words: Sequence[str]) -> None:
        """Deletes the responses that contain any of these words, such as ids of deleted things."""
        ...


HELD_S = 60.0
"""How long a request holds a key without renewing it."""
KEPT_S = 24 * 3600.0
"""How long a response is stored."""
