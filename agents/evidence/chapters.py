"""The chapters that a file itself names, as evidence of what they are called and where they begin."""

from __future__ import annotations

from agents.evidence.passage import Passage
from app.core.types import SegmentKind, TimeSpan, Video


def chapter_passages(video: Video, span: TimeSpan) -> list[Passage]:
    """One line for each chapter of the file that lies in a span, in order. Chapters that a model wrote are not here:
    they only hint where to look."""
    chapters = video.media.tags.chapters
    return [
        Passage(video.id, SegmentKind.SUMMARY, chapter.span, f"chapter {number} of {len(chapters)}: {chapter.title}")
        for number, chapter in enumerate(chapters, start=1)
        if chapter.span.overlaps(span)
    ]
