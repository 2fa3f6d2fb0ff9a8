"""The use case: find who and what the videos of a library mention, and where."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.errors import NotFound
from app.core.ports import EntityStore
from app.core.types import VideoId
from app.core.types.entities import Entity, EntityKind, Mention, name_key


class EntityService:
    """Finds entities by their names."""

    def __init__(self, entities: EntityStore) -> None:
        self._entities = entities

    def find(self, text: str = "", *, kinds: Sequence[EntityKind] = (), videos: Sequence[VideoId] = ()) -> list[Entity]:
        """Entities whose name contains a text, ignoring case and accents, most mentions first; all for an empty text.

        In these videos, or in the whole library if none are named.
        """
        key = name_key(text)
        return [one for one in self._entities.all(kinds, videos) if key in one.key]

    def entity(self, id: str) -> tuple[Entity, list[Mention]]:
        """An entity with its mentions, by video and time. Raises NotFound."""
        entity = next((one for one in self._entities.all() if one.id == id), None)
        if entity is None:
            raise NotFound(f"No video mentions {id}.", "See the list of entities.")
        return entity, self._entities.mentions(entity.kind, entity.key)
