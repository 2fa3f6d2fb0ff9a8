"""Conversations on the wire."""

from __future__ import annotations

from pydantic import Field

from app.api.schemas.answers import AnswerOut
from app.api.schemas.base import Request, Wire


class ThreadIn(Request):
    """A conversation to start, about some videos or (none named) the whole library."""

    title: str = Field("", max_length=200, description="the first question unless given")
    videos: list[str] = Field(default=[], max_length=1000, description="ids, unique prefixes of ids, or titles")
    collection: str | None = Field(
        None, max_length=100, description="id or name of a collection; the videos that it has now"
    )


class ThreadOut(Wire):
    """A conversation. Times are UTC, ISO 8601."""

    id: str
    title: str
    """The given title, or its first question."""
    video_ids: list[str]
    """Empty means the whole library."""
    created_at: str
    used_at: str
    """When it was created or last asked."""
    turn_count: int


class TurnOut(Wire):
    """One question of a conversation, and its answer."""

    question: str
    """As it was asked."""
    understood: str
    """The question rewritten to stand alone; the same if it did not refer back."""
    asked_at: str
    answer: AnswerOut


class ConversationOut(ThreadOut):
    """A conversation with its questions and answers in order."""

    turns: list[TurnOut]
