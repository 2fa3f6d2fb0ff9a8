"""Requests: checked where they enter, and passed whole from there."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from app.core.errors import BadInput
from app.core.titles import tidy_title
from app.core.types import TimeSpan
from app.core.types.objects import Region

DETECTED = "auto"
"""In place of a language: takes back the one that was given before."""
_LANGUAGE = re.compile("[a-z]{2,3}")
_HALF = re.compile("[\ud800-\udfff]")
"""A surrogate without its other half, as a terminal of another encoding or a cut message leaves it."""
_LANGUAGES = re.compile(f"[a-z]{{2,3}}(,[a-z]{{2,3}})*|{DETECTED}")

LONGEST_QUESTION = 2000
MOST_OPTIONS = 26
ROUNDING = 1e-6
"""By how much the sides of a box may lie outside of the picture."""


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A rectangle of the picture that a question is about. All but times are shares of the picture, 0 to 1.

    Raises BadInput if it is empty, lies outside of the picture, or ends before it starts.
    """

    x: float
    """The left side."""
    y: float
    """The top."""
    width: float
    height: float
    start_s: float
    end_s: float | None = None
    """None for one moment."""

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.x, self.y, self.width, self.height, self.start_s, self.end_s or 0.0))):
            raise BadInput("A number of the box is not finite.", "Give shares of the picture and times in seconds.")
        if self.width <= 0 or self.height <= 0:
            raise BadInput("The box is empty.", "Give it a width and a height of more than 0.")
        most = 1 + ROUNDING
        if self.x < 0 or self.y < 0 or self.x + self.width > most or self.y + self.height > most:
            hint = "Give x, y, width and height as shares of the picture, from 0 to 1."
            raise BadInput("The box lies outside of the picture.", hint)
        if self.start_s < 0 or (self.end_s is not None and self.end_s < self.start_s):
            raise BadInput("The times of the box are no span of a video.", "Give a start, and an end after it or none.")

    @property
    def region(self) -> Region:
        """The rectangle by its sides, with its span."""
        right, bottom = min(1.0, self.x + self.width), min(1.0, self.y + self.height)
        return Region((self.x, self.y, right, bottom), TimeSpan(self.start_s, self.end_s or self.start_s))


@dataclass(frozen=True, slots=True)
class AskRequest:
    """A question. Raises BadInput if it is empty or too long, or if its options are no choice."""

    question: str
    """With single spaces."""
    videos: tuple[str, ...] = ()
    """Ids, beginnings of ids, titles or paths; none, and no collection, means those of the thread, or all."""
    collection: str = ""
    options: tuple[str, ...] = ()
    """The answers to choose from."""
    thread: str = ""
    """The id of the conversation it belongs to."""
    plan: Mapping[str, Any] | None = None
    """A plan to follow, as data."""
    run: str = ""
    """A name of the caller's choice. Asked again under it, an answer whose process was killed resumes."""
    max_steps: int | None = None
    """Turns in which the model may use tools; None for the setting."""
    max_seconds: float | None = None
    keep: bool = False
    """Whether it is answered and stored even when nobody waits any more."""
    box: DrawnBox | None = None
    """The part of the picture that it is about."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "question", " ".join(self.question.split()))
        if any(_HALF.search(text) for text in (self.question, *self.options)):
            raise BadInput("The question contains half of a character.", "Correct the text.")
        if not self.question:
            raise BadInput("The question is empty.", "Ask about something said, shown or written in a video.")
        if len(self.question) > LONGEST_QUESTION:
            raise BadInput(f"The question is longer than {LONGEST_QUESTION} characters.", "Shorten it.")
        if len(self.options) == 1 or len(self.options) > MOST_OPTIONS:
            raise BadInput(f"A multiple-choice question needs 2 to {MOST_OPTIONS} options.", "Give more or fewer.")
        if any(not option.strip() for option in self.options):
            raise BadInput("An option is empty.", "Give every option some text.")


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """A file to ingest, and the user's choices. Raises BadInput for what is not a language code."""

    path: Path = Path()
    """Where the file is; for one that is downloaded, where it will be: `DownloadService.place` says."""
    title: str | None = None
    """On one line; without one, the video is called as the file itself says, else by its `name`."""
    name: str | None = None
    """What the file is called where neither a person nor the file itself gives a title; None takes the file's name."""
    subtitles: Path | None = None
    """A file of subtitles to use instead of listening."""
    language: str | None = None
    """ISO 639-1, several with commas between them, or `DETECTED`."""
    translate: bool = False
    """Whether what is said is written in English."""
    speakers: bool | None = None
    """Whether to identify speakers; None leaves it to the settings."""
    tags: tuple[str, ...] = ()
    """The collections that the video joins."""
    source: str = ""
    """The address that the file is downloaded from."""
    video_track: int | None = None
    """The picture stream to read, counted from 0; None takes the best one."""
    audio_track: int | None = None
    """The sound track to transcribe, counted from 0; None takes the first that can be heard."""
    subtitle_track: int | None = None
    """The subtitle track of the file to use instead of listening, counted from 0."""
    terms: str = ""
    """Names that are spoken, with commas between them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", tidy_title(self.title or "") or None)
        object.__setattr__(self, "name", tidy_title(self.name or "") or None)
        if self.language is None:
            return
        object.__setattr__(self, "language", self.language.replace(" ", ""))
        if not _LANGUAGES.fullmatch(self.language):
            hint = "Give ISO 639-1 codes such as en or en,de, or give auto."
            raise BadInput(f"'{self.language}' is not a language code.", hint)

    def to_payload(self) -> dict[str, Any]:
        """The request as the payload of a job."""
        subtitles = str(self.subtitles.resolve()) if self.subtitles else None
        return {**asdict(self), "path": str(self.path.resolve()), "subtitles": subtitles, "tags": list(self.tags)}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """The request in the payload of a job, which an older version may have queued."""
        known = {field.name: payload[field.name] for field in fields(cls) if field.name in payload}
        subtitles = Path(payload["subtitles"]) if payload.get("subtitles") else None
        tags = tuple(payload.get("tags", ()))
        return cls(**{**known, "path": Path(payload["path"]), "subtitles": subtitles, "tags": tags})


class Length(StrEnum):
    """The length of a summary."""

    LINE = "line"
    PARAGRAPH = "paragraph"
    PAGE = "page"

    @property
    def words(self) -> int:
        """The most words for this length."""
        return {"line": 25, "paragraph": 120, "page": 500}[self.value]


class Style(StrEnum):
    """The focus of a summary."""

    NEUTRAL = "neutral"
    """What it is about."""
    MINUTES = "minutes"
    """What was decided, who does what, what else was discussed."""
    NOTES = "notes"
    """What to learn from it, chapter by chapter: definitions, figures, examples."""
    HIGHLIGHTS = "highlights"
    """The moments worth watching, in their own words."""


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """The form of a summary. Raises BadInput for what is not a language code."""

    length: Length = Length.PARAGRAPH
    style: Style = Style.NEUTRAL
    language: str | None = None
    """ISO 639-1; the video's own language when None."""

    def __post_init__(self) -> None:
        if self.language is not None and not _LANGUAGE.fullmatch(self.language):
            raise BadInput(f"{self.language} is not a language code.", "Give an ISO 639-1 code such as en or de.")

    @classmethod
    def of(cls, length: str, style: str, language: str | None = None) -> Self:
        """From plain text. Raises BadInput for a length or a style that there is not."""
        try:
            return cls(Length(length), Style(style), language)
        except ValueError as error:
            hint = f"Lengths are {', '.join(Length)}; styles are {', '.join(Style)}."
            raise BadInput(f"There is no summary like this: {length}, {style}.", hint) from error
