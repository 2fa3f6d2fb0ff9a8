"""Collections in SQL: named sets of videos. A tag of a video is the name of a collection that holds it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.core.types import VideoId
from app.db.database import Database, insert_for
from app.db.rules import collection_key, collection_name, collection_taken, no_such_collection, no_such_video
from app.db.tables import collection_videos, collections, videos


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of videos."""

    id: str
    name: str
    created_at: float
    """Seconds since 1970, UTC."""
    size: int = 0
    """How many videos it holds; those in the bin do not count."""


class SqlCollections:
    """The collections of a library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Collection]:
        """All, by name."""
        with self._database.reading() as connection:
            return [_collection(row) for row in connection.execute(_listed().order_by(collections.c.key))]

    def find(self, name: str) -> Collection:
        """The collection of this id or name, in any letter case. Raises NotFound."""
        with self._database.reading() as connection:
            return _found(connection, name)

    def create(self, name: str) -> Collection:
        """A new, empty collection. Raises BadInput for a name that is taken or none."""
        name = collection_name(name)
        collection = Collection(uuid.uuid4().hex, name, time.time())
        with self._named(name) as connection:
            connection.execute(collections.insert().values(_row(collection)))
        return collection

    def rename(self, id: str, name: str) -> Collection:
        """Gives it another name. Raises NotFound, and BadInput for a name that is taken or none."""
        name = collection_name(name)
        with self._named(name) as connection:
            row = _found(connection, id)
            change = update(collections).where(collections.c.id == row.id)
            connection.execute(change.values(name=name, key=collection_key(name)))
            return _found(connection, row.id)

    def delete(self, id: str) -> None:
        """Forgets the collection; its videos stay. Raises NotFound."""
        with self._database.writing() as connection:
            connection.execute(delete(collections).where(collections.c.id == _found(connection, id).id))

    def add(self, id: str, video: VideoId) -> Collection:
        """Puts a video into a collection; no error when it is there. Raises NotFound."""
        with self._database.writing() as connection:
            row = _found(connection, id)
            must_be_there(connection, video)
            _link(connection, video, [row.id])
            return _found(connection, row.id)

    def remove(self, id: str, video: VideoId) -> Collection:
        """Takes a video out of a collection; no error when it is not there. Raises NotFound."""
        with self._database.writing() as connection:
            row = _found(connection, id)
            of_both = and_(collection_videos.c.collection_id == row.id, collection_videos.c.video_id == video)
            connection.execute(delete(collection_videos).where(of_both))
            return _found(connection, row.id)

    def set_tags(self, video: VideoId, names: Sequence[str]) -> None:
        """Puts a video into exactly these collections, creating missing ones. Raises NotFound, BadInput."""
        with self._database.writing() as connection:
            must_be_there(connection, video)
            connection.execute(delete(collection_videos).where(collection_videos.c.video_id == video))
            add_tags(connection, video, names)

    @contextmanager
    def _named(self, name: str) -> Iterator[Connection]:
        try:
            with self._database.writing() as connection:
                yield connection
        except IntegrityError as error:
            raise collection_taken(name) from error


def tags_of(connection: Connection, video: VideoId | None = None) -> dict[str, tuple[str, ...]]:
    """The names of the collections that hold each video, or one video; videos in none are missing."""
    query = select(collection_videos.c.video_id, collections.c.name).join(collections).order_by(collections.c.key)
    if video is not None:
        query = query.where(collection_videos.c.video_id == video)
    tags: dict[str, list[str]] = {}
    for id, name in connection.execute(query):
        tags.setdefault(id, []).append(name)
    return {id: tuple(names) for id, names in tags.items()}


def add_tags(connection: Connection, video: VideoId, names: Sequence[str]) -> None:
    """Puts a video into the collections of these names, and makes those that do not exist. Raises BadInput."""
    by_key = {collection_key(name): collection_name(name) for name in reversed(names)}
    if not by_key:
        return
    rows = [_row(Collection(uuid.uuid4().hex, name, time.time())) for name in by_key.values()]
    connection.execute(insert_for(connection, collections).on_conflict_do_nothing(index_elements=["key"]), rows)
    ids = select(collections.c.id).where(collections.c.key.in_(list(by_key)))
    _link(connection, video, list(connection.execute(ids).scalars()))


def _link(connection: Connection, video: VideoId, ids: Sequence[str]) -> None:
    rows = [{"video_id": video, "collection_id": id} for id in ids]
    both = ["video_id", "collection_id"]
    connection.execute(insert_for(connection, collection_videos).on_conflict_do_nothing(index_elements=both), rows)


def must_be_there(connection: Connection, video: VideoId) -> None:
    """Raises NotFound for a video that is not in the library, or in the bin."""
    there = select(videos.c.id).where(videos.c.id == video, videos.c.deleted_at.is_(None))
    if connection.execute(there).one_or_none() is None:
        raise no_such_video(video)


def _listed() -> Select[Any]:
    size = (
        select(func.count())
        .select_from(collection_videos.join(videos, videos.c.id == collection_videos.c.video_id))
        .where(collection_videos.c.collection_id == collections.c.id, videos.c.deleted_at.is_(None))
        .scalar_subquery()
    )
    return select(collections, size.label("size"))


def _found(connection: Connection, name: str) -> Collection:
    fits = or_(collections.c.id == name, collections.c.key == collection_key(name))
    rows = connection.execute(_listed().where(fits)).all()
    if not rows:
        raise no_such_collection(name)
    return _collection(next((row for row in rows if row.id == name), rows[0]))


def _collection(row: Row[Any]) -> Collection:
    return Collection(row.id, row.name, row.created_at, row.size)


def _row(collection: Collection) -> dict[str, Any]:
    key = collection_key(collection.name)
    return {"id": collection.id, "name": collection.name, "key": key, "created_at": collection.created_at}
