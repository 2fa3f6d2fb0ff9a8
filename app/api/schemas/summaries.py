"""Summaries made on demand, and chapters as a person writes them, on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.api.schemas.answers import CitationOut
from app.api.schemas.base import Request, Wire


class SummaryIn(Request):
    """The summary that somebody wants."""

    length: Literal["line", "paragraph", "page"] = "paragraph"
    style: Literal["neutral", "minutes", "notes", "highlights"] = "neutral"
    language: str | None = Field(None, pattern="^[a-z]{2,3}$", description="ISO 639-1; the video's own unless given")


class PointOut(Wire):
    """A sentence of a summary with the moments that it comes from."""

    text: str
    label: str
    """What kind of point it is, such as "decision"; empty for most."""
    citations: list[CitationOut]


class SectionOut(Wire):
    """Points that belong together. Times are null where they come from all over the video."""

    title: str
    start_s: float | None
    end_s: float | None
    points: list[PointOut]


class MadeSummaryOut(Wire):
    """A video in short, sentence by sentence."""

    video_id: str
    length: str
    style: str
    language: str | None
    model: str
    """What phrased it; "extractive" where the video's own sentences are quoted."""
    sections: list[SectionOut]


class HeadingIn(Request):
    """Where a chapter begins, and what it is called. It ends where the next one begins."""

    start_s: float = Field(ge=0, allow_inf_nan=False)
    title: Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]


class ChaptersIn(Request):
    """All chapters of a video, in order; the first begins at 0."""

    chapters: list[HeadingIn] = Field(min_length=1, max_length=1000)
