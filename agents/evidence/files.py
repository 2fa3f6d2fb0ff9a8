"""What a video's file says of itself, as evidence, and how long it is, as an answer that code gives."""

from __future__ import annotations

from collections.abc import Sequence

from agents.evidence.passage import Finding, Passage
from agents.evidence.question_classifier import AskedFor
from app.core.timecode import clock
from app.core.types import SegmentKind, TimeSpan, Video


def file_passage(video: Video) -> Passage:
    """One line: how long the file is, and what its tags say."""
    tags = video.media.tags
    known = {"created": tags.created_at, "camera": tags.camera, "place": tags.location}
    parts = [f"{clock(video.duration_s)} long", *(f"{name} {value}" for name, value in known.items() if value)]
    return Passage(video.id, SegmentKind.SUMMARY, video.media.whole, f"file: {', '.join(parts)}")


def chapter_passages(video: Video, span: TimeSpan) -> list[Passage]:
    """One line for each chapter of the file that lies in a span, in order. Chapters that a model wrote are not here:
    they only hint where to look."""
    chapters = video.media.tags.chapters
    return [
        Passage(video.id, SegmentKind.SUMMARY, chapter.span, f"chapter {number} of {len(chapters)}: {chapter.title}")
        for number, chapter in enumerate(chapters, start=1)
        if chapter.span.overlaps(span)
    ]


def answer_by_length(asked: AskedFor | None, videos: Sequence[Video]) -> Finding | None:
    """How long the one video is; None where the question asks for something else."""
    if len(videos) != 1 or asked is not AskedFor.LENGTH:
        return None
    return Finding(clock(videos[0].duration_s), (file_passage(videos[0]),))
