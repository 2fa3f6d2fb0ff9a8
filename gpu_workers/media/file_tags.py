"""What a file says about itself: title, date, camera, place and chapters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.types import FileChapter, FileTags, TimeSpan

_TITLE = ("title",)
_DATE = ("com.apple.quicktime.creationdate", "creation_time", "date", "year")
_MAKE = ("com.apple.quicktime.make", "com.android.manufacturer", "make")
_MODEL = ("com.apple.quicktime.model", "com.android.model", "model")
_PLACE = ("com.apple.quicktime.location.iso6709", "location", "location-eng")
_SHORTEST_S = 0.1
_LONGEST_TEXT = 300


def file_tags(container: Any, start_s: float, duration_s: float) -> FileTags:
    """The tags of an open file; chapters on the clock that begins at `start_s`."""
    given = [container.metadata, *(stream.metadata for stream in container.streams)]  # Ogg has them at its streams
    tags = {key.lower(): value for key, value in next(filter(None, given), {}).items()}
    make, model = _first(tags, _MAKE), _first(tags, _MODEL)
    return FileTags(
        title=_first(tags, _TITLE),
        created_at=_first(tags, _DATE),
        camera=model if model.startswith(make) else f"{make} {model}".strip(),
        location=_first(tags, _PLACE),
        chapters=_chapters(container, start_s, duration_s),
    )


def _first(tags: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((line for name in names if (line := _line(tags.get(name, "")))), "")


def _line(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_TEXT]


def _chapters(container: Any, start_s: float, duration_s: float) -> tuple[FileChapter, ...]:
    """Chapters inside the video, in order; each ends where the next begins, at the latest."""
    found = []
    for number, chapter in enumerate(container.chapters(), 1):
        begin_s, end_s = (float(chapter[at] * chapter["time_base"]) - start_s for at in ("start", "end"))
        title = _line(chapter["metadata"].get("title", "")) or f"Chapter {number}"
        found.append((max(0.0, begin_s), min(end_s, duration_s), title))
    found.sort(key=lambda one: (one[0], -one[1]))  # of two with one beginning, the shorter is the chapter in the other
    starts = [min(begin_s, duration_s) for begin_s, _, _ in found[1:]] + [duration_s]
    spans = [
        (begin_s, min(next_s, end_s if end_s > begin_s else next_s), title)
        for (begin_s, end_s, title), next_s in zip(found, starts, strict=False)
    ]
    return tuple(FileChapter(TimeSpan(a, b), title) for a, b, title in spans if b - a >= _SHORTEST_S)
