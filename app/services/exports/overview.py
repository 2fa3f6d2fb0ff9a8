"""The page of a batch: an overall summary, one entry per video with links to its files, and the failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from app.core.timecode import clock
from app.core.types import Citation, VideoId
from app.services.exports.markdown import escaped, point_text
from app.services.exports.material import headline
from app.services.exports.records import point_record
from app.services.summarize.shapes import EXTRACTIVE, CollectionSummary, Point


@dataclass(frozen=True, slots=True)
class Entry:
    """One finished video of a batch."""

    video_id: VideoId
    title: str
    duration_s: float
    files: Mapping[str, str]
    """Its files by format."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """A short answer to each question."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One video of a batch that failed."""

    name: str
    code: str
    message: str
    hint: str = ""


FILE_NAMES = {"md": "Markdown", "html": "page with a player", "docx": "Word", "json": "JSON", "srt": "subtitles"}
"""What people call a file; others by the name of their format."""


def overview_text(
    overview: CollectionSummary | None,
    entries: Sequence[Entry],
    failures: Sequence[Failure],
    made_on: date | None = None,
) -> str:
    """The overview as Markdown. Times link into the page of their video, if there is one."""
    files = {entry.video_id: entry.files for entry in entries}

    def link(citation: Citation) -> str:
        name = files.get(citation.video_id, {}).get("html", "")
        return f"{quote(name)}#t={citation.span.start_s:.2f}" if name else ""

    titles = {entry.video_id: entry.title for entry in entries}
    count = f"{len(entries)} video{'' if len(entries) == 1 else 's'}"
    parts = ["# Overview", f"{count}, {clock(sum(entry.duration_s for entry in entries))} in all"]
    sections = overview.sections if overview and len(entries) > 1 else ()
    parts += ["## Together"] if sections else []
    for section in sections:
        lines = []
        for one in section.points:
            title = titles.get(one.citations[0].video_id, "")
            of = escaped(headline(title)) if title != section.title else ""
            lines.append(f"- {point_text(one, link)} {of}".rstrip())
        parts += [f"### {escaped(headline(section.title))}"] if section.title else []
        parts.append("\n".join(lines))
    parts.append("## Videos")
    points = _lines(overview)
    for entry in entries:
        point = points.get(entry.video_id)
        links = ", ".join(f"[{FILE_NAMES.get(name, name)}](<{quote(file)}>)" for name, file in entry.files.items())
        line = point_text(point, link) if point else "Nothing is said or written in it."
        parts.append(f"### {escaped(headline(entry.title))} ({clock(entry.duration_s)})\n\n{line}\n\n{links}")
    questions = list(dict.fromkeys(question for entry in entries for question in entry.answers))
    parts += ["## Questions"] if questions else []
    for question in questions:
        answers = [(headline(entry.title), entry.answers[question]) for entry in entries if question in entry.answers]
        lines = [f"- **{escaped(title)}**: {escaped(answer)}" for title, answer in answers]
        parts += [f"### {escaped(question)}", "\n".join(lines)]
    if failures:
        lines = [f"- **{escaped(f.name)}**: {escaped(f'{f.message} {f.hint}'.strip())}" for f in failures]
        parts += ["## Not done", "\n".join(lines)]
    made = f"{made_on.day} {made_on:%B %Y}" if made_on else ""
    by = overview.model if overview and overview.model != EXTRACTIVE else ""
    worded = f"sentences written by {by} and checked against the videos" if by else "sentences quoted from the videos"
    footer = " · ".join(part for part in (f"Longreel {version('longreel')}", made, worded if overview else "") if part)
    return "\n\n".join([*parts, "---", f"*{escaped(footer)}*"]) + "\n"


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
                "answers": dict(entry.answers),
            }
            for entry in entries
        ],
        "failed": [{"name": f.name, "code": f.code, "message": f.message, "hint": f.hint} for f in failures],
    }


def _lines(overview: CollectionSummary | None) -> dict[VideoId, Point | None]:
    return {line.video_id: line.point for line in overview.videos} if overview else {}
