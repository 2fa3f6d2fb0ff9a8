"""The voices and faces of the library in SQL: their vectors and their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row, Table, delete, insert, select, update

from app.core.types import TimeSpan, VideoId, Voice
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
    """Keeps the voices of videos, or the faces. A name means one person in the whole library."""

    def __init__(self, database: Database, table: Table = voices) -> None:
        """`table` holds voices, or faces."""
        self._database = database
        self._table = table

    def save(self, video: VideoId, voices: Sequence[KnownVoice]) -> None:
        """Replaces the voices of a video. Raises NotFound."""
        with self._database.writing() as connection:
            must_be_there(connection, video)
            connection.execute(delete(self._table).where(self._table.c.video_id == video))
            if voices:
                connection.execute(insert(self._table), [self._row(video, one) for one in voices])

    def of(self, video: VideoId) -> list[KnownVoice]:
        """The voices of a video in the order in which they were saved. Raises NotFound."""
        query = select(self._table).where(self._table.c.video_id == video).order_by(self._table.c.number)
        with self._database.reading() as connection:
            must_be_there(connection, video)
            return [_known(row) for row in connection.execute(query)]

    def all(self, model: str, *, named: bool) -> list[KnownVoice]:
        """Every voice of the library that a model heard, with or without a name, oldest first; none of the bin."""
        has_name = self._table.c.name.is_not(None) if named else self._table.c.name.is_(None)
        query = select(self._table).join(
            videos, (videos.c.id == self._table.c.video_id) & videos.c.deleted_at.is_(None)
        )
        query = query.where(self._table.c.model == model, has_name).order_by(self._table.c.number)
        with self._database.reading() as connection:
            return [_known(row) for row in connection.execute(query)]

    def name(self, video: VideoId, label: str, name: str | None, *, recognised: bool = False) -> None:
        """Names one voice, or takes its name away; nothing happens when there is no such voice."""
        one = (self._table.c.video_id == video) & (self._table.c.label == label)
        with self._database.writing() as connection:
            connection.execute(update(self._table).where(one).values(name=name, recognised=recognised))

    def forget(self, video: VideoId, label: str) -> None:
        """Deletes one voice of a video; nothing happens when there is no such voice."""
        one = (self._table.c.video_id == video) & (self._table.c.label == label)
        with self._database.writing() as connection:
            connection.execute(delete(self._table).where(one))

    def forget_named(self, name: str) -> None:
        """Deletes every voice of a person, those of the bin too."""
        with self._database.writing() as connection:
            connection.execute(delete(self._table).where(self._table.c.name == name))

    def rename(self, old: str, new: str | None) -> None:
        """Gives a person another name in every video, or none."""
        with self._database.writing() as connection:
            connection.execute(update(self._table).where(self._table.c.name == old).values(name=new))

    def _row(self, video: VideoId, known: KnownVoice) -> dict[str, Any]:
        row = _row(video, known)
        if "spans" in self._table.c:
            row["spans"] = [[span.start_s, span.end_s] for span in known.voice.spans]
        return row


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
    spans = tuple(TimeSpan(start_s, end_s) for start_s, end_s in getattr(row, "spans", ()))
    voice = Voice(row.label, row.seconds, row.model, vector, spans)
    return KnownVoice(VideoId(row.video_id), voice, row.name, row.recognised)
