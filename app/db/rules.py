"""The rules that every library follows: names of videos, adding one again, the order of segments."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.core.errors import BadInput, NotFound
from app.core.paths import path_of
from app.core.types import Segment, SegmentKind, Video, VideoId
from app.db.tables import plain

PREFIX = re.compile(r"[0-9a-f]{4,64}", re.IGNORECASE)
"""An id or its beginning: at least four hexadecimal digits."""

SHORTEST_PART = 3
"""Characters of a part of a title that stands for the whole."""
LONGEST_NAME = 100
"""Characters of a collection's name."""


def matching(name: str, videos: Sequence[Video]) -> list[Video]:
    """The videos that `name` fits, by the first rule that fits any.

    The rules: the id; the path; the title; the beginning of the id; the title in other letter case; the file's name,
    where no other file is at that path.
    """
    paths = {name, os.path.abspath(name), str(path_of(name))}
    prefix = name.lower() if PREFIX.fullmatch(name) else None
    folded = name.casefold()
    is_file = os.path.exists(name)
    rules: tuple[Callable[[Video], bool], ...] = (
        lambda video: video.id == name.lower(),
        lambda video: video.path in paths,
        lambda video: video.title == name,
        lambda video: prefix is not None and video.id.startswith(prefix),
        lambda video: video.title.casefold() == folded,
        lambda video: not is_file and os.path.basename(video.path).casefold() == folded,
    )
    for fits in rules:
        matches = [video for video in videos if fits(video)]
        if matches:
            return matches
    return []


def with_part(part: str, videos: Sequence[Video]) -> list[Video]:
    """The videos with this part in their title, in any letter case; none for a part that is too short to mean one."""
    folded = " ".join(part.split()).casefold()
    return [video for video in videos if len(folded) >= SHORTEST_PART and folded in video.title.casefold()]


def similar_titles(name: str, videos: Sequence[Video]) -> list[str]:
    """The titles most like a name, the likest first."""
    titles = {video.title.casefold(): video.title for video in videos}
    return [titles[near] for near in difflib.get_close_matches(name.casefold(), titles, n=3)]


def in_time_order(segments: Iterable[Segment]) -> list[Segment]:
    """Segments by start, then end, kind and id: the same order in every store."""
    return sorted(segments, key=lambda one: (one.span.start_s, one.span.end_s, str(one.kind), one.id))


def no_such_video(id: str) -> NotFound:
    """The error for an id that is not in the library."""
    return NotFound(f"There is no video {id[:12]} in the library.", "List the videos to see which exist.")


def no_such_answer(id: str) -> NotFound:
    """The error for an id that no stored answer has."""
    return NotFound(f"There is no answer {id[:12]}.", "It was deleted with its video, or never existed: ask again.")


def no_such_collection(name: str) -> NotFound:
    """The error for a name that no collection has."""
    return NotFound(f"There is no collection {name[:LONGEST_NAME]}.", "List the collections, or create it.")


def collection_taken(name: str) -> BadInput:
    """The error for a name that another collection has."""
    return BadInput(f"There is already a collection {name}.", "Use that one, or give another name.")


def collection_name(name: str) -> str:
    """The name as stored. Raises BadInput if it is empty, too long, or invalid in a path."""
    tidied = " ".join(plain(name).split())
    if tidied in ("", ".", "..") or len(tidied) > LONGEST_NAME or "/" in tidied:
        raise BadInput(
            f"{name[:LONGEST_NAME]!r} cannot be the name of a collection.",
            f"Give 1 to {LONGEST_NAME} characters without a slash; . and .. are not allowed.",
        )
    return tidied


def collection_key(name: str) -> str:
    """What two names have in common when they mean the same collection."""
    return " ".join(plain(name).split()).casefold()


def dated(video: Video) -> Video:
    """The video with the date on which it was added: now, unless it has one."""
    return video if video.added_at else replace(video, added_at=datetime.now(UTC).isoformat(timespec="seconds"))


def same_video(old: Video, new: Video) -> Video:
    """The stored values to keep when a video is added again."""
    moved = not os.path.exists(old.path)
    there = new if moved else old
    return replace(old, media=new.media, path=there.path, title=there.title, source=new.source or old.source)


def at_home(video: Video, received: Path | None) -> Video:
    """The video with its file in the folder of what was received, should that have moved with the library."""
    old = Path(video.path)
    if received is None or old.parent.parent == received or old.parent.parent.name != received.name:
        return video
    here = received / old.parent.name / old.name
    return replace(video, path=str(here)) if here.is_file() and not old.exists() else video


def check_segments(id: VideoId, kinds: Sequence[SegmentKind], segments: Sequence[Segment]) -> None:
    """Raises ValueError for a segment of another video or kind: the next replacement would not find it."""
    for segment in segments:
        if segment.video_id != id or segment.kind not in kinds:
            raise ValueError(f"segment {segment.id} ({segment.kind} of {segment.video_id}) does not belong here")
