"""Who and what is mentioned in a library: names and things, and their mentions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from app.core.types.media import VideoId
from app.core.types.span import TimeSpan


class EntityKind(StrEnum):
    """What an entity is."""

    NAME = "name"
    """Somebody or something with a proper name: a person, a place, a company, a work."""
    THING = "thing"
    """Something recognised in pictures, by a classifier or by a model that describes them."""


class MentionSource(StrEnum):
    """Where a mention comes from."""

    WRITTEN = "written"
    SAID = "said"
    SPEAKS = "speaks"
    """The speaker has this name."""
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention of an entity in a video."""

    kind: EntityKind
    name: str
    """The best spelling in this video."""
    video_id: VideoId
    span: TimeSpan
    source: MentionSource
    quote: str
    """What is said or written there; for something seen, its class or its description."""
    frame_s: float | None = None
    """The frame that shows it best, for something written or seen."""

    @property
    def key(self) -> str:
        """Equal for names that mean the same: see `name_key`."""
        return name_key(self.name)


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody or something mentioned in videos."""

    kind: EntityKind
    key: str
    name: str
    """The most frequent spelling."""
    videos: tuple[VideoId, ...]
    """Its videos, most mentions first."""
    mentions: int
    sources: tuple[MentionSource, ...]

    @property
    def id(self) -> str:
        """Always the same for the same name, whichever videos are in the library."""
        return entity_id(self.kind, self.key)


def entity_id(kind: EntityKind, key: str) -> str:
    """An entity's id: `name-tom-hale`."""
    return f"{kind}-{key.replace(' ', '-')}"


def name_key(name: str) -> str:
    """A name without case, accents and marks, its words separated by single spaces: equal for all spellings."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", bare.casefold()))
