"""Names and things on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from app.api.schemas.base import Wire
from app.core.types.entities import Entity, EntityKind, Mention, MentionSource


class EntityOut(Wire):
    """Somebody or something that videos mention."""

    id: str
    kind: EntityKind
    name: str
    video_ids: list[str]
    """The videos that mention it, most mentions first."""
    mentions: int
    sources: list[MentionSource]

    @classmethod
    def of(cls, entity: Entity) -> Self:
        """The wire form of an entity."""
        return cls(
            id=entity.id,
            kind=entity.kind,
            name=entity.name,
            video_ids=list(entity.videos),
            mentions=entity.mentions,
            sources=list(entity.sources),
        )


class MentionOut(Wire):
    """A moment that mentions an entity. Times are seconds on the video's clock."""

    video_id: str
    start_s: float
    end_s: float
    source: MentionSource
    quote: str
    frame_s: float | None

    @classmethod
    def of(cls, mention: Mention) -> Self:
        """The wire form of a mention."""
        return cls(
            video_id=mention.video_id,
            start_s=mention.span.start_s,
            end_s=mention.span.end_s,
            source=mention.source,
            quote=mention.quote,
            frame_s=mention.frame_s,
        )


class MentionedOut(EntityOut):
    """An entity with its mentions, by video and time."""

    moments: list[MentionOut]

    @classmethod
    def with_moments(cls, entity: Entity, mentions: Sequence[Mention]) -> Self:
        """The wire form of an entity and its mentions."""
        moments = [MentionOut.of(one) for one in mentions]
        return cls(**EntityOut.of(entity).model_dump(), moments=moments)
