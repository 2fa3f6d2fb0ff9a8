"""Collections in memory: for tests, and for work that does not have to last."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.core.types import VideoId
from app.db.collections import Collection
from app.db.rules import collection_key, collection_name, collection_taken, no_such_collection, no_such_video


class MemoryCollections:
    """The collections of a `MemoryLibrary`, with the same methods as `SqlCollections`."""

    def __init__(self, present: Callable[[], set[VideoId]]) -> None:
        """`present` says which videos are in the library and not in the bin."""
        self._present = present
        self._all: dict[str, Collection] = {}
        self._members: dict[str, set[VideoId]] = {}

    def all(self) -> list[Collection]:
        """All, by name."""
        return sorted((self._sized(one) for one in self._all.values()), key=lambda one: collection_key(one.name))

    def find(self, name: str) -> Collection:
        """The collection of this id or name, in any letter case. Raises NotFound."""
        for one in self._all.values():
            if name == one.id or collection_key(name) == collection_key(one.name):
                return self._sized(one)
        raise no_such_collection(name)

    def create(self, name: str) -> Collection:
        """A new, empty collection. Raises BadInput for a name that is taken or none."""
        name = self._free(name)
        made = Collection(uuid.uuid4().hex, name, time.time())
        self._all[made.id], self._members[made.id] = made, set()
        return made

    def rename(self, id: str, name: str) -> Collection:
        """Gives it another name. Raises NotFound, and BadInput for a name that is taken or none."""
        found = self.find(id)
        self._all[found.id] = replace(found, name=self._free(name, found.id))
        return self.find(found.id)

    def delete(self, id: str) -> None:
        """Forgets the collection; its videos stay. Raises NotFound."""
        found = self.find(id)
        del self._all[found.id], self._members[found.id]

    def add(self, id: str, video: VideoId) -> Collection:
        """Puts a video into a collection; no error when it is there. Raises NotFound."""
        self._must_be_there(video)
        self._members[self.find(id).id].add(video)
        return self.find(id)

    def remove(self, id: str, video: VideoId) -> Collection:
        """Takes a video out of a collection; no error when it is not there. Raises NotFound."""
        self._members[self.find(id).id].discard(video)
        return self.find(id)

    def set_tags(self, video: VideoId, names: Sequence[str]) -> None:
        """Puts a video into exactly these collections, creating missing ones. Raises NotFound, BadInput."""
        self._must_be_there(video)
        wanted = [collection_name(name) for name in names]
        self.forget(video)
        self.put(video, wanted)

    def put(self, video: VideoId, names: Sequence[str]) -> None:
        """Puts a video into these collections as well. Raises BadInput."""
        known = {collection_key(one.name) for one in self._all.values()}
        for name in names:
            one = self.find(name) if collection_key(name) in known else self.create(name)
            known.add(collection_key(name))
            self._members[one.id].add(video)

    def tags(self, video: VideoId) -> tuple[str, ...]:
        """The names of the collections that hold a video."""
        return tuple(one.name for one in self.all() if video in self._members[one.id])

    def forget(self, video: VideoId) -> None:
        """Takes a video out of all collections."""
        for members in self._members.values():
            members.discard(video)

    def _sized(self, one: Collection) -> Collection:
        return replace(one, size=len(self._members[one.id].intersection(self._present())))

    def _must_be_there(self, video: VideoId) -> None:
        if video not in self._present():
            raise no_such_video(video)

    def _free(self, name: str, id: str = "") -> str:
        name = collection_name(name)
        if any(one.id != id and collection_key(one.name) == collection_key(name) for one in self._all.values()):
            raise collection_taken(name)
        return name
