"""The library: the videos, the deleted ones, and the choice of those to look in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from app.api.schemas import JobOut, VideoOut
from app.api.schemas.collections import BinnedOut
from ui.render.queue import ACTIVE
from ui.render.templates import fill, thumbnail


def grid(videos: Sequence[VideoOut], jobs: Sequence[JobOut] = (), binned: Sequence[BinnedOut] = ()) -> Markup:
    """The videos as cards, without those in the queue. Below them deleted videos."""
    reading = {job.title for job in jobs if job.state in ACTIVE}
    shown = [video for video in videos if video.ready or video.title not in reading]
    return fill(
        "library.html", cards=cards(shown), tags=count_tags(shown), being_processed=bool(reading), binned=binned
    )


def choices(videos: Sequence[VideoOut], opened: str) -> Markup:
    """Where to look for the answer: in the open video, in all, or in the ticked ones."""
    ready = [video for video in videos if video.ready]
    return fill(
        "scope.html", is_open=any(video.id == opened for video in videos), cards=cards(ready), tags=count_tags(ready)
    )


def cards(videos: Sequence[VideoOut]) -> list[tuple[VideoOut, str, str]]:
    """The videos, each with the address of its picture ("" if there is none) and its tags as the scripts read them."""
    return [(one, thumbnail(one, min(5.0, one.duration_s / 2)), json.dumps(one.tags)) for one in videos]


def count_tags(videos: Sequence[VideoOut]) -> list[tuple[str, int]]:
    """The tags in alphabetical order, each with the number of its videos."""
    counts = Counter(tag for video in videos for tag in video.tags)
    return sorted(counts.items(), key=lambda item: item[0].casefold())
