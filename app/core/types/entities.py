"""Who and what a library tells of: names and things, and the moments that mention them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from app.core.types.media import VideoId
from app.core.types.span import TimeSpan


class EntityKind(StrEnum):
    """What an entity is taken for."""

    NAME = "name"
    """Somebody or something with a name of its own: a person, a place, a firm, a work."""
    THING = "thing"
    """Somebody or something that is recognised in pictures, by a classifier or by a model that describes them."""


class MentionSource(StrEnum):
    """How a moment mentions an entity."""

    WRITTEN = "written"
    SAID = "said"
    SPEAKS = "speaks"
    """The voice is named: whoever it is speaks."""
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Mention:
    """One moment of a video that mentions an entity."""

    kind: EntityKind
    name: str
    """As it is best written in this video."""
    video_id: VideoId
    span: TimeSpan
    source: MentionSource
    quote: str
    """What is said or written there; of what is seen its class or its description."""
    frame_s: float | None = None
    """The frame that shows it best, for what is written or seen."""

    @property
    def key(self) -> str:
        """What makes two names one: see `name_key`."""
        return name_key(self.name)


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody or something that videos mention."""

    kind: EntityKind
    key: str
    name: str
    """As it is written most often."""
    videos: tuple[VideoId, ...]
    """Those that mention it, most mentions first."""
    mentions: int
    sources: tuple[MentionSource, ...]

    @property
    def id(self) -> str:
        """The same for the same name, whatever videos come and go."""
        return entity_id(self.kind, self.key)


def entity_id(kind: EntityKind, key: str) -> str:
    """An entity's id: `name-tom-hale`."""
    return f"{kind}-{key.replace(' ', '-')}"


def name_key(name: str) -> str:
    """A name without case, accents and marks, its words with a space between: the same for all ways to write it."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", bare.casefold()))
