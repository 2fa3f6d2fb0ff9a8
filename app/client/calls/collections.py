"""Collections of videos and the bin."""

from __future__ import annotations

from app.api.schemas import VideoOut
from app.api.schemas.collections import BinnedOut, CollectionOut
from app.client.call import Call, model, models, nothing, quoted, video_path
from app.client.caller import Caller


class Collections(Caller):
    """The calls about collections, given by id or name, and about the bin."""

    async def collections(self) -> list[CollectionOut]:
        """All collections by name, each with the number of its videos."""
        return await self._do(Call("GET", "/v1/collections", models(CollectionOut)))

    async def collection(self, name: str) -> CollectionOut:
        """One collection."""
        return await self._do(Call("GET", _collection(name), model(CollectionOut)))

    async def create_collection(self, name: str) -> CollectionOut:
        """Creates an empty collection."""
        return await self._do(Call("POST", "/v1/collections", model(CollectionOut), json={"name": name}))

    async def rename_collection(self, name: str, to: str) -> CollectionOut:
        """Renames a collection; its id and its videos stay the same."""
        return await self._do(Call("PATCH", _collection(name), model(CollectionOut), json={"name": to}))

    async def delete_collection(self, name: str) -> None:
        """Deletes a collection; its videos stay in the library."""
        await self._do(Call("DELETE", _collection(name), nothing))

    async def collect(self, name: str, video: str) -> CollectionOut:
        """Adds a video to a collection; it may be in several."""
        return await self._do(Call("PUT", _collection(name, video), model(CollectionOut)))

    async def uncollect(self, name: str, video: str) -> CollectionOut:
        """Removes a video from a collection."""
        return await self._do(Call("DELETE", _collection(name, video), model(CollectionOut)))

    async def binned(self) -> list[BinnedOut]:
        """Deleted videos that can be restored, most recently deleted first."""
        return await self._do(Call("GET", "/v1/bin", models(BinnedOut)))

    async def restore(self, name: str) -> VideoOut:
        """Restores a deleted video, unchanged."""
        return await self._do(Call("POST", video_path(name, "/restore"), model(VideoOut)))

    async def purge(self, name: str) -> None:
        """Deletes a video in the bin permanently."""
        await self._do(Call("DELETE", f"/v1/bin/{quoted(name)}", nothing))


def _collection(name: str, video: str | None = None) -> str:
    return f"/v1/collections/{quoted(name)}{'' if video is None else f'/videos/{quoted(video)}'}"
