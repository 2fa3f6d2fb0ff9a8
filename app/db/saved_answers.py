"""Answers that were given, and what people said of them, as they are read from SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from app.core.types import VideoId
from app.db.rules import no_such_answer
from app.db.tables import answer_videos, answers, videos


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """An answer that was given, with how it came about."""

    id: str
    question: str
    video_ids: tuple[VideoId, ...]
    answer: dict[str, Any]
    """`to_json(Answer)`."""
    trace: list[Any]
    """Events as JSON, in order."""
    created_at: float
    """Seconds since 1970, UTC."""


@dataclass(frozen=True, slots=True)
class Rating:
    """What a person said of an answer."""

    answer_id: str
    question: str
    verdict: str
    note: str
    created_at: float
    """Seconds since 1970, UTC."""


def hidden_answers() -> Select[Any]:
    """The answers about a video in the bin."""
    return (
        select(answer_videos.c.answer_id)
        .join(videos, videos.c.id == answer_videos.c.video_id)
        .where(videos.c.deleted_at.is_not(None))
    )


def saved_answers(connection: Connection, scope: Any) -> list[SavedAnswer]:
    """The answers whose ids are in the scope, newest first, but for those about a video in the bin."""
    links = (
        select(answer_videos.c.answer_id, answer_videos.c.video_id)
        .where(answer_videos.c.answer_id.in_(scope))
        .order_by(answer_videos.c.position)
    )
    about: dict[str, list[VideoId]] = {}
    for answer_id, video_id in connection.execute(links):
        about.setdefault(answer_id, []).append(VideoId(video_id))
    query = select(answers).where(answers.c.id.in_(scope), answers.c.id.not_in(hidden_answers()))
    query = query.order_by(answers.c.number.desc())
    return [
        SavedAnswer(row.id, row.question, tuple(about.get(row.id, ())), row.answer, row.trace, row.created_at)
        for row in connection.execute(query)
    ]


def saved_answer(connection: Connection, id: str) -> SavedAnswer:
    """The answer with this id. Raises NotFound."""
    answers = saved_answers(connection, [id])
    if not answers:
        raise no_such_answer(id)
    return answers[0]
