"""Stored replies to repeated requests, in SQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, update

from app.core.replies import HELD_S, KEPT_S, Earlier, StoredReply
from app.db.database import Database, insert_for
from app.db.tables import replies


class SqlReplies:
    """The port ReplyStore over a database. Servers on several machines need clocks that agree to a few seconds."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970, UTC."""
        self._database = database
        self._clock = clock

    def begin(self, key: str, request: str, owner: str) -> Earlier | None:
        """Claims the key for a request, or returns what holds it."""
        now = self._clock()
        row = {"key": key, "request": request, "owner": owner, "until": now + HELD_S}
        while True:
            with self._database.writing() as connection:
                connection.execute(delete(replies).where(replies.c.until < now))
                add = insert_for(connection, replies).values(row).on_conflict_do_nothing(index_elements=["key"])
                if connection.execute(add.returning(replies.c.key)).one_or_none() is not None:
                    return None
                found = connection.execute(select(replies).where(replies.c.key == key)).one_or_none()
            if found is not None:  # else it was given back between the two statements
                return Earlier(found.request, _reply(found))

    def renew(self, key: str, owner: str) -> None:
        """Keeps the key for another minute."""
        self._change(_held(key, owner), until=self._clock() + HELD_S)

    def keep(self, key: str, owner: str, reply: StoredReply) -> None:
        """Keeps the answer for a day."""
        headers = [list(pair) for pair in reply.headers]
        until = self._clock() + KEPT_S
        self._change(_held(key, owner), until=until, status=reply.status, headers=headers, body=reply.body)

    def drop(self, key: str, owner: str) -> None:
        """Gives the key back."""
        with self._database.writing() as connection:
            connection.execute(delete(replies).where(_held(key, owner)))

    def forget(self, words: Sequence[str]) -> None:
        """Deletes the answers in which any of these words stands."""
        with self._database.writing() as connection:
            stored = connection.execute(select(replies).where(replies.c.status.is_not(None)))
            keys = [row.key for row in stored if mentions(_reply(row), words)]
            connection.execute(delete(replies).where(replies.c.key.in_(keys)))

    def _change(self, which: ColumnElement[bool], **values: Any) -> None:
        with self._database.writing() as connection:
            connection.execute(update(replies).where(which).values(values))


def mentions(reply: StoredReply | None, words: Sequence[str]) -> bool:
    """Whether one of the words stands in the headers or the body of an answer."""
    if reply is None:
        return False
    sent = b"\n".join([reply.body, *(value.encode() for _, value in reply.headers)])
    return any(word.encode() in sent for word in words)


def _held(key: str, owner: str) -> ColumnElement[bool]:
    return and_(replies.c.key == key, replies.c.owner == owner, replies.c.status.is_(None))


def _reply(row: Any) -> StoredReply | None:
    if row.status is None:
        return None
    return StoredReply(row.status, tuple((name, value) for name, value in row.headers), bytes(row.body))
