"""Collections: named sets of videos that can be listed, searched, asked and summarized together."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.api.deps import LongreelDep, VideoDep
from app.api.schemas.collections import CollectionIn, CollectionOut
from app.db.collections import Collection

router = APIRouter(prefix="/collections", tags=["collections"])


def collection_of(
    longreel: LongreelDep, collection: Annotated[str, Path(description="id or name of a collection")]
) -> Collection:
    """The collection in the address. Raises NotFound."""
    return longreel.library.collections.find(collection)


CollectionDep = Annotated[Collection, Depends(collection_of)]


@router.get("", summary="List collections by name")
def list_collections(longreel: LongreelDep) -> list[CollectionOut]:
    """Each with the number of its videos; `GET /v1/videos?collection=` lists the videos."""
    return [CollectionOut.of(one) for one in longreel.library.collections.all()]


@router.post("", status_code=201, summary="Create a collection")
def create_collection(body: CollectionIn, longreel: LongreelDep) -> CollectionOut:
    """It is empty at first."""
    return CollectionOut.of(longreel.library.collections.create(body.name))


@router.get("/{collection}", summary="Get a collection")
def get_collection(collection: CollectionDep) -> CollectionOut:
    """Its name and the number of its videos."""
    return CollectionOut.of(collection)


@router.patch("/{collection}", summary="Rename a collection")
def rename_collection(collection: CollectionDep, body: CollectionIn, longreel: LongreelDep) -> CollectionOut:
    """Its id and its videos stay the same."""
    return CollectionOut.of(longreel.library.collections.rename(collection.id, body.name))


@router.delete("/{collection}", status_code=204, summary="Delete a collection")
def delete_collection(collection: CollectionDep, longreel: LongreelDep) -> None:
    """Its videos stay in the library."""
    longreel.library.collections.delete(collection.id)


@router.put("/{collection}/videos/{video}", summary="Add a video to a collection")
def put_into_collection(collection: CollectionDep, video: VideoDep, longreel: LongreelDep) -> CollectionOut:
    """A video may be in several collections. Adding it again changes nothing."""
    return CollectionOut.of(longreel.library.collections.add(collection.id, video.id))


@router.delete("/{collection}/videos/{video}", summary="Remove a video from a collection")
def take_from_collection(collection: CollectionDep, video: VideoDep, longreel: LongreelDep) -> CollectionOut:
    """The video itself stays."""
    return CollectionOut.of(longreel.library.collections.remove(collection.id, video.id))
