"""The input of an export: one video and everything known about it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from app.core.requests import Style, SummaryRequest
from app.core.types import Answer, Chapter, Digest, SegmentKind, Utterance, Video
from app.services.summarize.attribution import is_quoted, sentence_points
from app.services.summarize.shapes import EXTRACTIVE, Section, VideoSummary

HEADINGS = {Style.MINUTES: "Minutes", Style.NOTES: "Study notes", Style.HIGHLIGHTS: "Highlights"}


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question about the video and its answer."""

    question: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Slide:
    """A picture (JPEG) of the video, what is written on it, and what is said while it is shown, by paragraphs."""

    time_s: float
    picture: bytes
    written: str
    said: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where and when a file was made, for its links and its last line."""

    server: str = ""
    """The address of a Longreel server, to which times link; without one they link to `media`."""
    media: str = ""
    """The video's address relative to the file; if empty as well, times are no links."""
    made_on: date | None = None
    heard_by: str = ""
    """The model, or the subtitles, that the transcript comes from."""
    answered_by: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that an export format can use."""

    video: Video
    utterances: tuple[Utterance, ...]
    chapters: tuple[Chapter, ...]
    sections: tuple[Section, ...] = ()
    answers: tuple[AnsweredQuestion, ...] = ()
    wanted: SummaryRequest | None = None
    model: str = ""
    """The model that phrased the sections."""
    source: Source = Source()
    slides: tuple[Slide, ...] = ()

    @property
    def file_address(self) -> str:
        """The video's own file, for editing programs on this machine."""
        return "file://" + quote(self.video.path, errors="surrogateescape")

    @property
    def player_address(self) -> str:
        """Where a page finds the video: at the server, where it lies, or else beside the page."""
        if self.source.server:
            return f"{self.source.server.rstrip('/')}/v1/videos/{self.video.id}/media"
        return self.source.media or quote(Path(self.video.path).name, errors="surrogateescape")

    @property
    def heading(self) -> str:
        """The name of the summary: its style, or whose words it is in."""
        named = HEADINGS.get(self.wanted.style) if self.wanted else None
        points = [point for section in self.sections for point in section.points]
        if named or not all(map(is_quoted, points)):
            return named or "Summary"
        is_read = all(one.kind is SegmentKind.SCREEN_TEXT for point in points for one in point.citations)
        return "Written on the screen" if is_read and points else "Key sentences"

    def at(self, seconds: float) -> str:
        """An address of a moment, such as talk.mp4#t=12.5 (W3C Media Fragments); "" where nothing is known to play."""
        time = f"{seconds:.3f}".rstrip("0").rstrip(".")
        if self.source.server:
            return f"{self.source.server.rstrip('/')}/?video={self.video.id}&t={time}"
        return f"{self.source.media}#t={time}" if self.source.media else ""

    def footer(self) -> str:
        """When and by what this was made, in one line."""
        points = [point for section in self.sections for point in section.points]
        by = self.model if self.model not in ("", EXTRACTIVE) else ""
        worded = f"sentences written by {by} and checked against the video" if by else "sentences quoted from the video"
        parts = [
            f"Longreel {version('longreel')}",
            f"{self.source.made_on.day} {self.source.made_on:%B %Y}" if self.source.made_on else "",
            worded if points else "",
            f"transcript: {self.source.heard_by}" if self.source.heard_by else "",
            f"answers: {self.source.answered_by}" if self.source.answered_by and self.answers else "",
        ]
        return " · ".join(part for part in parts if part)


def headline(title: str) -> str:
    """A title as a heading: the name of a file, such as board_meeting, in words."""
    if "_" not in title.strip("_") or len(title.split()) > 1:
        return title
    words = " ".join(title.replace("_", " ").split())
    return words[:1].upper() + words[1:]


def link_from(folder: Path, path: str) -> str:
    """The relative address of a video in a folder, in its parent or below either; "" for a video elsewhere."""
    if not path:
        return ""
    try:
        relative = Path(os.path.relpath(path, folder.resolve()))
    except ValueError:  # another drive on Windows
        return ""
    if relative.parts.count("..") > 1:
        return ""
    return quote(relative.as_posix(), errors="surrogateescape")


def of_summary(
    video: Video,
    utterances: Sequence[Utterance],
    chapters: Sequence[Chapter],
    summary: VideoSummary,
    answers: Sequence[AnsweredQuestion] = (),
    source: Source = Source(),
) -> Material:
    """The material of a video with a requested summary."""
    heading = HEADINGS.get(summary.wanted.style, "")
    return Material(
        video,
        tuple(utterances),
        tuple(chapters),
        tuple(replace(one, title="") if one.title == heading else one for one in summary.sections),
        tuple(answers),
        summary.wanted,
        summary.model,
        source,
    )


def of_digest(
    video: Video, utterances: Sequence[Utterance], digest: Digest | None, source: Source = Source()
) -> Material:
    """The material of a video with the summary written at ingest."""
    points = sentence_points(digest.summary, digest.citations) if digest else []
    sections = (Section("", None, tuple(points)),) if points else ()
    chapters = digest.chapters if digest else ()
    return Material(video, tuple(utterances), chapters, sections, source=source)
