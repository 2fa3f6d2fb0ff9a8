"""The page of a batch: an overall summary, one entry per video with links to its files, and the failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from app.core.timecode import clock
from app.core.types import Citation, VideoId
from app.services.exports.markdown import escaped, point_text
from app.services.exports.records import point_record
from app.services.summarize.shapes import CollectionSummary, Point


@dataclass(frozen=True, slots=True)
class Entry:
    """One finished video of a batch."""

    video_id: VideoId
    title: str
    duration_s: float
    files: Mapping[str, str]
    """Its files by format."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One video of a batch that failed."""

    name: str
    code: str
    message: str
    hint: str = ""


def overview_text(overview: CollectionSummary | None, entries: Sequence[Entry], failures: Sequence[Failure]) -> str:
    """The overview as Markdown. Times link into the page of their video, if there is one."""
    files = {entry.video_id: entry.files for entry in entries}

    def link(citation: Citation) -> str:
        own = files.get(citation.video_id, {})
        name = own.get("html") or own.get("md") or next(iter(own.values()), "")
        return f"{quote(name)}#t={citation.span.start_s:.2f}" if name else f"#t={citation.span.start_s:.2f}"

    titles = {entry.video_id: entry.title for entry in entries}
    minutes = sum(entry.duration_s for entry in entries)
    parts = ["# Overview", f"{len(entries)} videos, {clock(minutes)} in all"]
    sections = overview.sections if overview else ()
    parts += ["## Together"] if sections else []
    for section in sections:
        lines = [
            f"- {point_text(p, link)} ({escaped(titles.get(p.citations[0].video_id, ''))})" for p in section.points
        ]
        parts += [f"### {escaped(section.title)}"] if section.title else []
        parts.append("\n".join(lines))
    parts.append("## Videos")
    points = _lines(overview)
    for entry in entries:
        point = points.get(entry.video_id)
        links = " ".join(f"[{name}](<{quote(file)}>)" for name, file in entry.files.items())
        line = point_text(point, link) if point else "Nothing is said or written in it."
        parts.append(f"### {escaped(entry.title)} ({clock(entry.duration_s)})\n\n{line}\n\n{links}")
    if failures:
        lines = [f"- **{escaped(f.name)}**: {escaped(f'{f.message} {f.hint}'.strip())}" for f in failures]
        parts += ["## Not done", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def overview_record(
    overview: CollectionSummary | None, entries: Sequence[Entry], failures: Sequence[Failure]
) -> dict[str, Any]:
    """The overview as plain data."""
    points = _lines(overview)
    return {
        "points": [point_record(point) for point in overview.points] if overview else [],
        "videos": [
            {
                "id": entry.video_id,
                "title": entry.title,
                "duration_s": entry.duration_s,
                "line": point_record(point) if (point := points.get(entry.video_id)) else None,
                "files": dict(entry.files),
            }
            for entry in entries
        ],
        "failed": [{"name": f.name, "code": f.code, "message": f.message, "hint": f.hint} for f in failures],
    }


def _lines(overview: CollectionSummary | None) -> dict[VideoId, Point | None]:
    return {line.video_id: line.point for line in overview.videos} if overview else {}
