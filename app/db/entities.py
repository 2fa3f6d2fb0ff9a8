"""Who and what videos mention, in SQL. Speakers are read from voices and sentences, so a new name applies at once.

An entity is no row of its own: it is all mentions of one name, and is gone with the last of them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, func, insert, select

from app.core.types import TimeSpan, VideoId
from app.core.types.entities import Entity, EntityKind, Mention, MentionSource, name_key
from app.db.collections import must_be_there
from app.db.database import Database
from app.db.tables import mentions, utterances, videos, voices

_LABEL = re.compile(r"Speaker \d+")
_WHO = func.coalesce(voices.c.name, utterances.c.speaker)
_SPOKEN = utterances.join(videos, videos.c.id == utterances.c.video_id).outerjoin(
    voices, (voices.c.video_id == utterances.c.video_id) & (voices.c.label == utterances.c.speaker)
)


@dataclass(frozen=True, slots=True)
class Counted:
    """How often a video mentions a name in one way."""

    kind: EntityKind
    name: str
    source: MentionSource
    video_id: VideoId
    count: int


class SqlEntities:
    """The names and things that videos mention."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, video: VideoId, found: Sequence[Mention]) -> None:
        """Replaces what a video mentions. Raises NotFound."""
        with self._database.writing() as connection:
            must_be_there(connection, video)
            connection.execute(delete(mentions).where(mentions.c.video_id == video))
            stored = [
                {
                    "video_id": one.video_id,
                    "kind": str(one.kind),
                    "key": one.key,
                    "name": one.name,
                    "source": str(one.source),
                    "start_s": one.span.start_s,
                    "end_s": one.span.end_s,
                    "quote": one.quote,
                    "frame_s": one.frame_s,
                }
                for one in found
            ]
            if stored:
                connection.execute(insert(mentions), stored)

    def all(self, kinds: Sequence[EntityKind] = (), videos: Sequence[VideoId] = ()) -> list[Entity]:
        """Who and what is mentioned, most mentions first, in some videos or (none named) all but those in the bin."""
        columns = (mentions.c.kind, mentions.c.name, mentions.c.source, mentions.c.video_id)
        stored = _stored(videos, *columns, func.count()).group_by(*columns)
        spoken = _spoken(videos, _WHO, utterances.c.video_id, func.count()).group_by(_WHO, utterances.c.video_id)
        with self._database.reading() as connection:
            counted = [
                Counted(EntityKind(kind), name, MentionSource(source), VideoId(video), count)
                for kind, name, source, video, count in connection.execute(stored)
            ]
            counted += [
                Counted(EntityKind.NAME, who, MentionSource.SPEAKS, VideoId(video), count)
                for who, video, count in connection.execute(spoken)
                if is_named(who)
            ]
        return entities_of(one for one in counted if not kinds or one.kind in kinds)

    def mentions(self, kind: EntityKind, key: str, videos: Sequence[VideoId] = ()) -> list[Mention]:
        """The moments that mention an entity, by video and time."""
        stored = _stored(videos, mentions).where(mentions.c.kind == str(kind), mentions.c.key == key)
        columns = (utterances.c.video_id, utterances.c.start_s, utterances.c.end_s, utterances.c.text)
        found: list[Mention] = []
        with self._database.reading() as connection:
            for row in connection.execute(stored):
                span, source = TimeSpan(row.start_s, row.end_s), MentionSource(row.source)
                found.append(Mention(kind, row.name, VideoId(row.video_id), span, source, row.quote, row.frame_s))
            if kind is EntityKind.NAME:
                everybody = connection.scalars(_spoken(videos, _WHO).distinct())
                called = [who for who in everybody if is_named(who) and name_key(who) == key]
                spoken = _spoken(videos, _WHO, *columns).where(_WHO.in_(called))
                found += [spoken_by(*row) for row in connection.execute(spoken)]
        return sorted(found, key=lambda one: (one.video_id, one.span, one.source))


def is_named(who: str | None) -> bool:
    """Whether somebody has a name, and not only the label of a voice."""
    return bool(who and name_key(who)) and not _LABEL.fullmatch(who or "")


def spoken_by(who: str, video: str, start_s: float, end_s: float, text: str) -> Mention:
    """A sentence as a mention of who says it."""
    return Mention(EntityKind.NAME, who, VideoId(video), TimeSpan(start_s, end_s), MentionSource.SPEAKS, text.strip())


def entities_of(counted: Iterable[Counted]) -> list[Entity]:
    """What is counted under one key as one entity, most mentions first."""
    groups: dict[tuple[EntityKind, str], list[Counted]] = defaultdict(list)
    for one in counted:
        groups[one.kind, name_key(one.name)].append(one)
    entities = []
    for (kind, key), group in groups.items():
        names: Counter[str] = Counter()
        held: Counter[VideoId] = Counter()
        for one in group:
            names[one.name] += one.count
            held[one.video_id] += one.count
        name = min(names, key=lambda name: (-names[name], name))
        ranked = sorted(held, key=lambda video: (-held[video], video))
        sources = tuple(source for source in MentionSource if any(one.source is source for one in group))
        entities.append(Entity(kind, key, name, tuple(ranked), held.total(), sources))
    return sorted(entities, key=lambda one: (-one.mentions, one.name, one.kind))


def _stored(chosen: Sequence[VideoId], *columns: Any) -> Select[Any]:
    joined = mentions.join(videos, videos.c.id == mentions.c.video_id)
    return _there(select(*columns).select_from(joined), mentions.c.video_id, chosen)


def _spoken(chosen: Sequence[VideoId], *columns: Any) -> Select[Any]:
    query = select(*columns).select_from(_SPOKEN).where(_WHO.is_not(None))
    return _there(query, utterances.c.video_id, chosen)


def _there(query: Select[Any], video: Any, chosen: Sequence[VideoId]) -> Select[Any]:
    query = query.where(videos.c.deleted_at.is_(None))
    return query.where(video.in_(chosen)) if chosen else query
