"""Things that were followed through a video."""

from __future__ import annotations

from collections import defaultdict

from fastapi import APIRouter

from app.api.deps import LongreelDep, VideoDep, WindowDep
from app.api.schemas.things import ThingsOut
from app.core.types.objects import ObjectTrack

router = APIRouter(prefix="/videos", tags=["videos"])


@router.get("/{video}/things", summary="List the things that a video shows")
def get_things(video: VideoDep, longreel: LongreelDep, window: WindowDep) -> list[ThingsOut]:
    """The kinds of things that were followed through the video, those with the most tracks first, with the boxes of
    each track; with times, only tracks that overlap them. Empty if no things were looked for."""
    by_name: dict[str, list[ObjectTrack]] = defaultdict(list)
    for track in longreel.library.things(video.id, window):
        by_name[track.name].append(track)
    return [ThingsOut.of(name, by_name[name]) for name in sorted(by_name, key=lambda name: (-len(by_name[name]), name))]
