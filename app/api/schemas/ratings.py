"""Ratings of answers on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.api.schemas.answers import AnswerOut
from app.api.schemas.base import Request, Wire

Verdict = Literal["right", "wrong", "wrong_time"]
"""right; wrong; wrong_time: right, but the cited moments are not where it happens."""


class SavedAnswerOut(Wire):
    """A stored answer, with its question and its videos."""

    id: str
    question: str
    video_ids: list[str]
    created_at: str
    """UTC, ISO 8601."""
    answer: AnswerOut


class RateIn(Request):
    """A person's rating of an answer. A second rating of the same answer replaces the first."""

    verdict: Verdict
    note: str = Field("", max_length=2000, description="what would have been right, or another note")


class RatingOut(Wire):
    """A person's rating of an answer."""

    answer_id: str
    question: str
    verdict: Verdict
    note: str
    created_at: str
    """UTC, ISO 8601."""
