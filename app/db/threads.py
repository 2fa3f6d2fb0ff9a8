"""Conversations in SQL: their videos and their turns. Deleting an answer deletes its turn."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from app.core.errors import NotFound
from app.core.types import VideoId
from app.db.database import Database
from app.db.saved_answers import hidden_answers
from app.db.tables import answer_videos, answers, threads, turns

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
    """When it was created or last used for a question."""
    turn_count: int = 0


@dataclass(frozen=True, slots=True)
class SavedTurn:
    """One question of a conversation, as it was asked, and the answer that was stored."""

    question: str
    understood: str
    """The question rewritten to stand alone; the same if it did not refer back."""
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
        """The questions of a thread in order, but for those about a video in the bin. Raises NotFound."""
        ...

    def add_turn(self, id: str, question: str, answer_id: str) -> None:
        """Adds a question with its stored answer at the end. Raises NotFound."""
        ...

    def delete(self, id: str) -> None:
        """Forgets a thread; its answers stay. Raises NotFound."""
        ...

    def forget_video(self, video: VideoId) -> list[str]:
        """Deletes the turns about a video, and returns the ids of the threads that went with it.

        A thread goes when it was about no other video, or when none of its turns is left. One that stays and was named
        by a question that went is named by the first that is left.
        """
        ...


class SqlThreads:
    """The port ThreadStore over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, title: str, videos: Sequence[VideoId]) -> Thread:
        """A new one without turns."""
        thread = made_thread(title, videos)
        row = {
            "id": thread.id,
            "title": thread.title,
            "videos": list(thread.video_ids),
            "created_at": thread.created_at,
            "used_at": thread.used_at,
        }
        with self._database.writing() as connection:
            connection.execute(insert(threads).values(row))
        return thread

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
        """The questions of a thread in order, but for those about a video in the bin. Raises NotFound."""
        query = (
            select(turns.c.question.label("asked"), answers)
            .join(answers, answers.c.id == turns.c.answer_id)
            .where(turns.c.thread_id == id, turns.c.answer_id.not_in(hidden_answers()))
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

    def forget_video(self, video: VideoId) -> list[str]:
        """Deletes the turns about a video, and returns the ids of the threads that went with it."""
        about = select(answer_videos.c.answer_id).where(answer_videos.c.video_id == video)
        gone = []
        with self._database.writing() as connection:
            lost = connection.execute(select(turns).where(turns.c.answer_id.in_(about)).order_by(turns.c.number)).all()
            connection.execute(delete(turns).where(turns.c.answer_id.in_(about)))
            for row in connection.execute(_threads()).all():
                left = select(turns.c.question).where(turns.c.thread_id == row.id).order_by(turns.c.number)
                stays = without_video(
                    _thread(row),
                    video,
                    [turn.question for turn in lost if turn.thread_id == row.id],
                    list(connection.execute(left).scalars()),
                )
                if stays is None:
                    gone.append(row.id)
                    continue
                values = {"title": stays.title, "videos": list(stays.video_ids)}
                connection.execute(update(threads).where(threads.c.id == row.id).values(values))
            connection.execute(delete(threads).where(threads.c.id.in_(gone)))
        return gone


def without_video(thread: Thread, video: VideoId, lost: Sequence[str], left: Sequence[str]) -> Thread | None:
    """What stays of a thread when a video is deleted; None when nothing does.

    `lost` are the questions about the video, `left` the others, both in order.
    """
    videos = tuple(id for id in thread.video_ids if id != video)
    if (thread.video_ids and not videos) or (lost and not left):
        return None
    named_by_lost = thread.title in [question[:TITLE_LENGTH] for question in lost]
    return replace(thread, video_ids=videos, title=left[0][:TITLE_LENGTH] if named_by_lost else thread.title)


def no_such_thread(id: str) -> NotFound:
    """The error for an id that no thread has."""
    return NotFound(f"There is no conversation {id[:12]}.", "List the conversations to see which exist.")


def made_thread(title: str, videos: Sequence[VideoId]) -> Thread:
    """A new thread without turns."""
    now = time.time()
    return Thread(uuid.uuid4().hex, title, tuple(dict.fromkeys(videos)), now, now)


def _threads() -> Select[Any]:
    shown = (turns.c.thread_id == threads.c.id) & turns.c.answer_id.not_in(hidden_answers())
    return select(threads, select(func.count()).where(shown).scalar_subquery().label("turn_count"))


def _thread(row: Any) -> Thread:
    videos = tuple(VideoId(id) for id in row.videos)
    return Thread(row.id, row.title, videos, row.created_at, row.used_at, row.turn_count)


def _found(connection: Connection, id: str) -> Thread:
    row = connection.execute(_threads().where(threads.c.id == id)).one_or_none()
    if row is None:
        raise no_such_thread(id)
    return _thread(row)
