"""Tracks of things in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from app.core.types import TimeSpan, VideoId
from app.core.types.objects import ObjectTrack, TimedBox
from app.db.collections import must_be_there
from app.db.database import Database
from app.db.tables import object_tracks


class SqlTracks:
    """The port TrackStore over a database, and what writes to it. A deleted video takes its tracks along."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tracks(self, id: VideoId, window: TimeSpan | None = None) -> list[ObjectTrack]:
        """In the order in which they appear; `window` keeps those that overlap it. Raises NotFound."""
        table = object_tracks.c
        query = select(object_tracks).where(table.video_id == id).order_by(table.start_s, table.number)
        if window is not None:
            query = query.where(table.start_s <= window.end_s, table.end_s >= window.start_s)
        with self._database.reading() as connection:
            must_be_there(connection, id)
            return [
                ObjectTrack(
                    row.name,
                    TimeSpan(row.start_s, row.end_s),
                    tuple(TimedBox(time_s, tuple(box), confidence) for time_s, box, confidence in row.boxes),
                    tuple((name, share) for name, share in row.shares),
                )
                for row in connection.execute(query)
            ]

    def save(self, id: VideoId, tracks: Sequence[ObjectTrack]) -> None:
        """Replaces the tracks of a video. Raises NotFound."""
        rows = [
            {
                "video_id": id,
                "name": track.name,
                "start_s": track.span.start_s,
                "end_s": track.span.end_s,
                "boxes": [[one.time_s, list(one.box), one.confidence] for one in track.boxes],
                "shares": [list(share) for share in track.shares],
            }
            for track in tracks
        ]
        with self._database.writing() as connection:
            must_be_there(connection, id)
            connection.execute(delete(object_tracks).where(object_tracks.c.video_id == id))
            if rows:
                connection.execute(insert(object_tracks), rows)
