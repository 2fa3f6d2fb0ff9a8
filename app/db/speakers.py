"""The voices of the library in SQL: what they sound like, and whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row, delete, insert, select, update

from app.core.types import VideoId, Voice
from app.db.collections import must_be_there
from app.db.database import Database
from app.db.tables import videos, voices


@dataclass(frozen=True, slots=True, eq=False)
class KnownVoice:
    """A voice of a video of the library, and whose it is."""

    video_id: VideoId
    voice: Voice
    name: str | None = None
    recognised: bool = False
    """Whether the name was taken from a voice of another video."""


class SqlSpeakers:
    """Keeps the voices of videos. A name means one person in the whole library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, video: VideoId, found: Sequence[KnownVoice]) -> None:
        """Replaces the voices of a video. Raises NotFound."""
        with self._database.writing() as connection:
            must_be_there(connection, video)
            connection.execute(delete(voices).where(voices.c.video_id == video))
            if found:
                connection.execute(insert(voices), [_row(video, one) for one in found])

    def of(self, video: VideoId) -> list[KnownVoice]:
        """The voices of a video in the order in which they were saved. Raises NotFound."""
        query = select(voices).where(voices.c.video_id == video).order_by(voices.c.number)
        with self._database.reading() as connection:
            must_be_there(connection, video)
            return [_known(row) for row in connection.execute(query)]

    def all(self, model: str, *, named: bool) -> list[KnownVoice]:
        """Every voice of the library that a model heard, with or without a name, oldest first; none of the bin."""
        has_name = voices.c.name.is_not(None) if named else voices.c.name.is_(None)
        query = select(voices).join(videos, (videos.c.id == voices.c.video_id) & videos.c.deleted_at.is_(None))
        query = query.where(voices.c.model == model, has_name).order_by(voices.c.number)
        with self._database.reading() as connection:
            return [_known(row) for row in connection.execute(query)]

    def name(self, video: VideoId, label: str, name: str | None, *, recognised: bool = False) -> None:
        """Names one voice, or takes its name away; nothing happens when there is no such voice."""
        one = (voices.c.video_id == video) & (voices.c.label == label)
        with self._database.writing() as connection:
            connection.execute(update(voices).where(one).values(name=name, recognised=recognised))

    def rename(self, old: str, new: str | None) -> None:
        """Gives a person another name in every video, or none."""
        with self._database.writing() as connection:
            connection.execute(update(voices).where(voices.c.name == old).values(name=new))


def _row(video: VideoId, known: KnownVoice) -> dict[str, Any]:
    return {
        "video_id": video,
        "label": known.voice.label,
        "name": known.name,
        "recognised": known.recognised,
        "seconds": known.voice.seconds,
        "model": known.voice.model,
        "vector": known.voice.vector.astype("<f4").tobytes(),
    }


def _known(row: Row[Any]) -> KnownVoice:
    vector = np.frombuffer(row.vector, "<f4").astype(np.float32)
    voice = Voice(row.label, row.seconds, row.model, vector)
    return KnownVoice(VideoId(row.video_id), voice, row.name, row.recognised)
