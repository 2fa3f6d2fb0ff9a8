"""Answers and summaries, with their citations."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from app.core.types.boxes import Box
from app.core.types.found import SegmentKind
from app.core.types.media import VideoId
from app.core.types.span import TimeSpan


@dataclass(frozen=True, slots=True)
class Citation:
    """Where in a video an answer comes from. Times are copied from the store, never from a model."""

    video_id: VideoId
    span: TimeSpan
    kind: SegmentKind
    quote: str
    frame_s: float | None = None
    verified: bool = False
    confidence: float | None = None
    """How likely this is the moment in question, 0 to 1: set when the question asks for moments."""
    box: Box | None = None
    """The part of the frame that shows it; None for all of it."""


class AnswerStatus(StrEnum):
    """Whether a question was answered."""

    ANSWERED = "answered"
    NOT_IN_VIDEO = "not_in_video"
    """Every kind of evidence that could hold the answer was searched or looked at, and it is not there."""
    INSUFFICIENT = "insufficient"
    """It could not be decided: a check failed, or something that could hold the answer was not seen or heard."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost."""

    seconds: float = 0.0
    steps: int = 0
    frames: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its citations. An answer without citations is never `answered`."""

    status: AnswerStatus
    text: str
    confidence: float | None = None
    """How sure the agent is, 0 to 1; None unless the question is answered."""
    citations: tuple[Citation, ...] = ()
    option_index: int | None = None
    """For multiple choice: which option, from 0; None when none is supported."""
    usage: Usage = field(default_factory=Usage)
    searched: tuple[str, ...] = ()
    """What was searched, read and looked at, a short phrase each; set when the answer was not found."""
    missing: tuple[str, ...] = ()
    """What it would take to decide, a sentence each with how to get it: for `insufficient`. For `answered`: what the
    answer leaves out."""

    def __post_init__(self) -> None:
        if self.status is AnswerStatus.ANSWERED and not self.citations:
            raise ValueError("an answer needs at least one citation; without one its status is not_in_video")


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation, and its answer."""

    question: str
    """As it was asked."""
    understood: str
    """The complete question that it stands for: the same, unless it referred back ("and after that?")."""
    answer: Answer


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a video about one topic."""

    span: TimeSpan
    title: str
    summary: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """The summary and the chapters of a video, each with its citations."""

    summary: str
    chapters: tuple[Chapter, ...]
    citations: tuple[Citation, ...] = ()
