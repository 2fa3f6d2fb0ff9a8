"""Calls about collections, and about the bin."""

from __future__ import annotations

from app.api.schemas import VideoOut
from app.api.schemas.collections import BinnedOut, CollectionOut
from app.client.calls.call import Call, model, models, nothing, quoted, video_path


def collections() -> Call[list[CollectionOut]]:
    """Collections by name."""
    return Call("GET", "/v1/collections", models(CollectionOut))


def collection(name: str) -> Call[CollectionOut]:
    """One collection."""
    return Call("GET", _collection(name), model(CollectionOut))


def create_collection(name: str) -> Call[CollectionOut]:
    """A new, empty collection."""
    return Call("POST", "/v1/collections", model(CollectionOut), json={"name": name})


def rename_collection(name: str, to: str) -> Call[CollectionOut]:
    """Another name for the same collection."""
    return Call("PATCH", _collection(name), model(CollectionOut), json={"name": to})


def delete_collection(name: str) -> Call[None]:
    """Forgets a collection, not its videos."""
    return Call("DELETE", _collection(name), nothing)


def collect(name: str, video: str) -> Call[CollectionOut]:
    """Puts a video into a collection."""
    return Call("PUT", _collection(name, video), model(CollectionOut))


def uncollect(name: str, video: str) -> Call[CollectionOut]:
    """Takes a video out of a collection."""
    return Call("DELETE", _collection(name, video), model(CollectionOut))


def binned() -> Call[list[BinnedOut]]:
    """Deleted videos, the last deleted first."""
    return Call("GET", "/v1/bin", models(BinnedOut))


def restore(name: str) -> Call[VideoOut]:
    """Takes a video out of the bin."""
    return Call("POST", video_path(name, "/restore"), model(VideoOut))


def purge(name: str) -> Call[None]:
    """Deletes a video in the bin for good."""
    return Call("DELETE", f"/v1/bin/{quoted(name)}", nothing)


def _collection(name: str, video: str = "") -> str:
    return f"/v1/collections/{quoted(name)}{f'/videos/{quoted(video)}' if video else ''}"
