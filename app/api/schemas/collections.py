"""Collections of videos, and the bin, on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from app.api.schemas.base import Request, Wire
from app.api.schemas.videos import VideoOut
from app.core.types import Video

if TYPE_CHECKING:
    from app.db.collections import Collection

Name = Annotated[str, Field(min_length=1, max_length=100, pattern="^[^/]*$", examples=["Lectures"])]


class CollectionIn(Request):
    """A name that no other collection has, whatever the letter case."""

    name: Name


class CollectionOut(Wire):
    """A named set of videos. Seen from a video, its name is a tag."""

    id: str
    name: str
    size: int
    """The number of its videos."""
    created_at: str
    """UTC, ISO 8601."""

    @classmethod
    def of(cls, collection: Collection) -> Self:
        """The wire form of a collection."""
        created_at = utc(collection.created_at)
        return cls(id=collection.id, name=collection.name, size=collection.size, created_at=created_at)


class VideoChange(Request):
    """What to change about a video; what you leave out does not change."""

    title: str | None = Field(None, min_length=1, max_length=300)
    tags: list[Name] | None = Field(None, max_length=100)
    """The video's collections from now on; those that do not exist are created."""


class BinnedOut(Wire):
    """A deleted video that can still be restored."""

    video: VideoOut
    deleted_at: str
    """UTC, ISO 8601."""
    gone_at: str
    """When it can no longer be restored. UTC, ISO 8601."""

    @classmethod
    def of(cls, video: Video, deleted_at: float, gone_at: float) -> Self:
        """The wire form of a deleted video; times are seconds since 1970."""
        return cls(video=VideoOut.of(video), deleted_at=utc(deleted_at), gone_at=utc(gone_at))


def utc(seconds: float) -> str:
    """A time, seconds since 1970, as ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
