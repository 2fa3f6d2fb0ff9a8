"""Collections of videos and the bin, for programs that wait."""

from __future__ import annotations

from app.api.schemas import VideoOut
from app.api.schemas.collections import BinnedOut, CollectionOut
from app.client.blocking.line import Line
from app.client.calls import collections as calls


class Collections(Line):
    """The calls about collections, named by their id or name, and about the bin."""

    def collections(self) -> list[CollectionOut]:
        """Collections by name, each with the number of its videos."""
        return self._do(calls.collections())

    def collection(self, name: str) -> CollectionOut:
        """One collection."""
        return self._do(calls.collection(name))

    def create_collection(self, name: str) -> CollectionOut:
        """Makes a collection, empty at first."""
        return self._do(calls.create_collection(name))

    def rename_collection(self, name: str, to: str) -> CollectionOut:
        """Gives a collection another name; its id and its videos stay the same."""
        return self._do(calls.rename_collection(name, to))

    def delete_collection(self, name: str) -> None:
        """Forgets a collection; its videos stay in the library."""
        self._do(calls.delete_collection(name))

    def collect(self, name: str, video: str) -> CollectionOut:
        """Puts a video into a collection; it may be in several."""
        return self._do(calls.collect(name, video))

    def uncollect(self, name: str, video: str) -> CollectionOut:
        """Takes a video out of a collection."""
        return self._do(calls.uncollect(name, video))

    def binned(self) -> list[BinnedOut]:
        """Deleted videos that can be restored, the last deleted first."""
        return self._do(calls.binned())

    def restore(self, name: str) -> VideoOut:
        """Takes a video out of the bin, as it was."""
        return self._do(calls.restore(name))

    def purge(self, name: str) -> None:
        """Deletes a video in the bin for good."""
        self._do(calls.purge(name))
