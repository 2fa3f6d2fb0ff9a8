"""What a vision model reports about a segment besides its caption: who and what is seen, and what happens when."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.types.span import TimeSpan


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody or something that a segment shows."""

    name: str
    """Short, but distinct from the others: "woman in a red coat"; a proper name if one is shown."""
    description: str


@dataclass(frozen=True, slots=True)
class SceneEvent:
    """Something that happens in a segment."""

    span: TimeSpan
    """From the first frame that shows it to the last."""
    text: str
    frame_s: float
    """The frame in its middle, in seconds."""
