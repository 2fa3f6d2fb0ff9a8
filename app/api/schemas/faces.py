"""Faces on the wire."""

from __future__ import annotations

from typing import Self

from app.api.schemas.base import Wire
from app.api.schemas.speakers import SpeakerOut
from app.core.types import Speaker


class SeenOut(Wire):
    """A span of a video, in seconds on its clock."""

    start_s: float
    end_s: float


class FaceOut(SpeakerOut):
    """A person whose face is seen in a video. `recognised`: the name comes from the face, not from a person."""

    seen: list[SeenOut]

    @classmethod
    def of(cls, speaker: Speaker) -> Self:
        """The wire form of a person."""
        seen = [SeenOut(start_s=span.start_s, end_s=span.end_s) for span in speaker.spans]
        return cls(**SpeakerOut.of(speaker).model_dump(), seen=seen)
