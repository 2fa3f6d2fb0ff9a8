"""Requests: checked where they enter, and passed whole from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import BadInput

LONGEST_QUESTION = 2000
MOST_OPTIONS = 26


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "question", " ".join(self.question.split()))
        if not self.question:
            raise BadInput("The question is empty.", "Ask about something said, shown or written in a video.")
        if len(self.question) > LONGEST_QUESTION:
            raise BadInput(f"The question is longer than {LONGEST_QUESTION} characters.", "Shorten it.")
        if len(self.options) == 1 or len(self.options) > MOST_OPTIONS:
            raise BadInput(f"A multiple-choice question needs 2 to {MOST_OPTIONS} options.", "Give more or fewer.")
        if any(not option.strip() for option in self.options):
            raise BadInput("An option is empty.", "Give every option some text.")
