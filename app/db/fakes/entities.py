"""Who and what videos mention, in memory: for tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.core.types import VideoId
from app.core.types.entities import Entity, EntityKind, Mention
from app.db.entities import Counted, entities_of, is_named, spoken_by
from app.db.fakes.library import MemoryLibrary


class MemoryEntities:
    """The same as `SqlEntities`, beside a library in memory."""

    def __init__(self, library: MemoryLibrary) -> None:
        self._library = library
        self._mentions: dict[VideoId, list[Mention]] = {}

    def save(self, video: VideoId, found: Sequence[Mention]) -> None:
        """Replaces what a video mentions. Raises NotFound."""
        self._library.video(video)
        self._mentions[video] = list(found)

    def all(self, kinds: Sequence[EntityKind] = (), videos: Sequence[VideoId] = ()) -> list[Entity]:
        """Who and what is mentioned, most mentions first, in some videos or (none named) all."""
        there = (one for one in self._all(videos) if not kinds or one.kind in kinds)
        return entities_of(Counted(one.kind, one.name, one.source, one.video_id, 1) for one in there)

    def mentions(self, kind: EntityKind, key: str, videos: Sequence[VideoId] = ()) -> list[Mention]:
        """The moments that mention an entity, by video and time."""
        found = (one for one in self._all(videos) if one.kind is kind and one.key == key)
        return sorted(found, key=lambda one: (one.video_id, one.span, one.source))

    def _all(self, videos: Sequence[VideoId]) -> Iterator[Mention]:
        for video in self._library.videos():
            if videos and video.id not in videos:
                continue
            yield from self._mentions.get(video.id, ())
            for said in self._library.utterances(video.id):
                if said.speaker and is_named(said.speaker):
                    yield spoken_by(said.speaker, video.id, said.span.start_s, said.span.end_s, said.text)
