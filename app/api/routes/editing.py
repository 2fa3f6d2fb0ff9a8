"""Changing, deleting and restoring videos."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.deps import LongreelDep, VideoDep
from app.api.schemas import VideoOut
from app.api.schemas.collections import BinnedOut, VideoChange

router = APIRouter(tags=["videos"])


@router.patch("/videos/{video}", summary="Change a video's title or tags")
def change_video(video: VideoDep, body: VideoChange, longreel: LongreelDep) -> VideoOut:
    """Tags are the names of the video's collections."""
    if body.title is not None:
        longreel.library.rename(video.id, body.title)
    if body.tags is not None:
        longreel.library.collections.set_tags(video.id, body.tags)
    return VideoOut.of(longreel.library.find(video.id))


@router.delete("/videos/{video}", status_code=204, summary="Delete a video")
def delete_video(
    video: VideoDep,
    longreel: LongreelDep,
    now: Annotated[bool, Query(description="delete it at once and permanently")] = False,
) -> None:
    """Moves it into the bin, from which you can restore it for some days (`LONGREEL_BIN_DAYS`). A file that was
    registered by its path is never deleted.
    """
    longreel.library.delete(video.id, now=now)


@router.post("/videos/{video}/restore", summary="Restore a deleted video")
def restore_video(video: str, longreel: LongreelDep) -> VideoOut:
    """The video comes back unchanged, with its tags and its answers."""
    return VideoOut.of(longreel.library.restore(video))


@router.get("/bin", summary="List deleted videos, the last deleted first")
def list_bin(longreel: LongreelDep) -> list[BinnedOut]:
    """Deleted videos do not appear in lists, searches and answers. You can restore these."""
    library = longreel.library
    return [BinnedOut.of(one.video, one.deleted_at, library.gone_at(one)) for one in library.binned()]


@router.delete("/bin/{video}", status_code=204, summary="Delete a video permanently")
def purge_video(video: str, longreel: LongreelDep) -> None:
    """Deletes a video in the bin. It cannot be restored any more."""
    longreel.library.purge(video)
