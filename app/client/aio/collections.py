"""Collections of videos and the bin, for programs with an event loop."""

from __future__ import annotations

from app.api.schemas import VideoOut
from app.api.schemas.collections import BinnedOut, CollectionOut
from app.client.aio.line import AsyncLine
from app.client.calls import collections as calls


class AsyncCollections(AsyncLine):
    """The calls about collections, named by their id or name, and about the bin."""

    async def collections(self) -> list[CollectionOut]:
        """Collections by name, each with the number of its videos."""
        return await self._do(calls.collections())

    async def collection(self, name: str) -> CollectionOut:
        """One collection."""
        return await self._do(calls.collection(name))

    async def create_collection(self, name: str) -> CollectionOut:
        """Makes a collection, empty at first."""
        return await self._do(calls.create_collection(name))

    async def rename_collection(self, name: str, to: str) -> CollectionOut:
        """Gives a collection another name; its id and its videos stay the same."""
        return await self._do(calls.rename_collection(name, to))

    async def delete_collection(self, name: str) -> None:
        """Forgets a collection; its videos stay in the library."""
        await self._do(calls.delete_collection(name))

    async def collect(self, name: str, video: str) -> CollectionOut:
        """Puts a video into a collection; it may be in several."""
        return await self._do(calls.collect(name, video))

    async def uncollect(self, name: str, video: str) -> CollectionOut:
        """Takes a video out of a collection."""
        return await self._do(calls.uncollect(name, video))

    async def binned(self) -> list[BinnedOut]:
        """Deleted videos that can be restored, the last deleted first."""
        return await self._do(calls.binned())

    async def restore(self, name: str) -> VideoOut:
        """Takes a video out of the bin, as it was."""
        return await self._do(calls.restore(name))

    async def purge(self, name: str) -> None:
        """Deletes a video in the bin for good."""
        await self._do(calls.purge(name))
