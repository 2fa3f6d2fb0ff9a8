"""Conversations in SQL: which videos they are about, and their turns. A turn goes with the answer that it points to."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from app.core.errors import NotFound
from app.core.types import VideoId
from app.db.database import Database
from app.db.tables import answers, threads, turns

TITLE_LENGTH = 120
"""Characters of the first question that name a thread without a title."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation. Times are seconds since 1970, UTC."""

    id: str
    title: str
    """Its first question unless it was given one; empty before both."""
    video_ids: tuple[VideoId, ...]
    """Empty means the whole library."""
    created_at: float
    used_at: float
    """When it was made or last asked something."""
    turn_count: int = 0


@dataclass(frozen=True, slots=True)
class SavedTurn:
    """One question of a conversation, as it was asked, and the answer that was stored."""

    question: str
    understood: str
    """The whole question that it was taken for."""
    answer_id: str
    answer: dict[str, Any]
    """`to_json(Answer)`."""
    trace: list[Any]
    """Events as JSON, in order."""
    asked_at: float
    """Seconds since 1970, UTC."""


class ThreadStore(Protocol):
    """Keeps conversations."""

    def add(self, title: str, videos: Sequence[VideoId]) -> Thread:
        """A new one without turns."""
        ...

    def threads(self, limit: int) -> list[Thread]:
        """Those that were used last, first."""
        ...

    def thread(self, id: str) -> Thread:
        """One. Raises NotFound."""
        ...

    def turns(self, id: str) -> list[SavedTurn]:
        """The questions of a thread in order. Raises NotFound."""
        ...

    def add_turn(self, id: str, question: str, answer_id: str) -> None:
        """Adds a question with its stored answer at the end. Raises NotFound."""
        ...

    def delete(self, id: str) -> None:
        """Forgets a thread; its answers stay. Raises NotFound."""
        ...


class SqlThreads:
    """The port ThreadStore over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, title: str, videos: Sequence[VideoId]) -> Thread:
        """A new one without turns."""
        made = made_thread(title, videos)
        row = {
            "id": made.id,
            "title": made.title,
            "videos": list(made.video_ids),
            "created_at": made.created_at,
            "used_at": made.used_at,
        }
        with self._database.writing() as connection:
            connection.execute(insert(threads).values(row))
        return made

    def threads(self, limit: int) -> list[Thread]:
        """Those that were used last, first."""
        query = _threads().order_by(threads.c.used_at.desc(), threads.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            return [_thread(row) for row in connection.execute(query)]

    def thread(self, id: str) -> Thread:
        """One. Raises NotFound."""
        with self._database.reading() as connection:
            return _found(connection, id)

    def turns(self, id: str) -> list[SavedTurn]:
        """The questions of a thread in order. Raises NotFound."""
        query = (
            select(turns.c.question.label("asked"), answers)
            .join(answers, answers.c.id == turns.c.answer_id)
            .where(turns.c.thread_id == id)
            .order_by(turns.c.number)
        )
        with self._database.reading() as connection:
            _found(connection, id)
            return [
                SavedTurn(row.asked, row.question, row.id, row.answer, row.trace, row.created_at)
                for row in connection.execute(query)
            ]

    def add_turn(self, id: str, question: str, answer_id: str) -> None:
        """Adds a question with its stored answer at the end. Raises NotFound."""
        with self._database.writing() as connection:
            thread = _found(connection, id)
            used = {"title": thread.title or question[:TITLE_LENGTH], "used_at": time.time()}
            connection.execute(insert(turns).values(thread_id=id, answer_id=answer_id, question=question))
            connection.execute(update(threads).where(threads.c.id == id).values(used))

    def delete(self, id: str) -> None:
        """Forgets a thread; its answers stay. Raises NotFound."""
        with self._database.writing() as connection:
            _found(connection, id)
            connection.execute(delete(threads).where(threads.c.id == id))


def no_such_thread(id: str) -> NotFound:
    """The error for an id that no thread has."""
    return NotFound(f"There is no conversation {id[:12]}.", "List the threads to see what is there.")


def made_thread(title: str, videos: Sequence[VideoId]) -> Thread:
    """A new thread without turns."""
    now = time.time()
    return Thread(uuid.uuid4().hex, title, tuple(dict.fromkeys(videos)), now, now)


def _threads() -> Select[Any]:
    count = select(func.count()).where(turns.c.thread_id == threads.c.id).scalar_subquery()
    return select(threads, count.label("turn_count"))


def _thread(row: Any) -> Thread:
    videos = tuple(VideoId(id) for id in row.videos)
    return Thread(row.id, row.title, videos, row.created_at, row.used_at, row.turn_count)


def _found(connection: Connection, id: str) -> Thread:
    row = connection.execute(_threads().where(threads.c.id == id)).one_or_none()
    if row is None:
        raise no_such_thread(id)
    return _thread(row)
