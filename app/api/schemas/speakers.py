"""Speakers on the wire."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from app.api.schemas.base import Request, Wire
from app.core.types import Speaker


class LikenessOut(Wire):
    """A person of the library whose voice sounds like this one, and the cosine of the two."""

    name: str
    video_id: str
    cosine: float


class SpeakerOut(Wire):
    """A person who speaks in a video. `recognised`: the name comes from the voice, not from a person."""

    label: str
    name: str | None
    seconds: float
    recognised: bool
    suggestions: list[LikenessOut]

    @classmethod
    def of(cls, speaker: Speaker) -> Self:
        """The wire form of a speaker."""
        return cls(
            label=speaker.label,
            name=speaker.name,
            seconds=speaker.seconds,
            recognised=speaker.recognised,
            suggestions=[
                LikenessOut(name=one.name, video_id=one.video_id, cosine=one.cosine) for one in speaker.suggestions
            ],
        )


class NameIn(Request):
    """A new name for a speaker; an empty one removes the name."""

    name: str = Field(max_length=80)
    here_only: bool = Field(False, description="do not change the person's other videos")
