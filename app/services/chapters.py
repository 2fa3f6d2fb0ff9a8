"""Chapters: editing them, together with their citations and summaries, and storing them for the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.errors import BadInput
from app.core.ports import Retriever
from app.core.titles import tidy_title
from app.core.types import Chapter, Digest, MediaInfo, Segment, SegmentKind, TimeSpan, VideoId
from app.db.library import SqlLibrary

BY_HAND = "by hand"
"""The author of chapters that a person edited; for others it is a model's name."""

BY_FILE = "the file"
"""The author of chapters that come from the file itself."""

AT_START_S = 1.0
"""A file whose first chapter begins within this time has no other chapter before it."""

SAME_SHARE = 0.5
"""A chapter keeps a summary when each of the two, it and the summarized one, covers this much of the other."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a chapter begins, in seconds, and what it is called."""

    start_s: float
    title: str


def with_headings(digest: Digest, headings: Sequence[Heading], duration_s: float) -> Digest:
    """The digest with these chapters. Raises BadInput unless they begin at 0 and follow one another inside the video.

    Each chapter takes the citations that lie in it, and the summary of a former chapter that is about the same.
    """
    starts = [heading.start_s for heading in headings]
    if not starts or starts[0] != 0.0:
        raise BadInput("The first chapter begins with the video.", "Give it the time 0.")
    for before, after in zip(starts, [*starts[1:], duration_s], strict=True):
        if not before < after:
            raise BadInput(
                f"A chapter at {before:g} s cannot end at {after:g} s.",
                "Give each chapter a later time than the one before it, inside the video.",
            )
    ends = [*starts[1:], duration_s]
    spans = [TimeSpan(start, end) for start, end in zip(starts, ends, strict=True)]
    titles = [tidy_title(heading.title) or "Chapter" for heading in headings]
    citations = [citation for former in digest.chapters for citation in former.citations]
    chapters = []
    for span, title in zip(spans, titles, strict=True):
        inside = tuple(one for one in citations if span.start_s <= one.span.middle_s < span.end_s)
        about_same = (
            former.summary
            for former in digest.chapters
            if span.intersection_s(former.span) >= SAME_SHARE * max(span.duration_s, former.span.duration_s)
        )
        chapters.append(Chapter(span, title, next(about_same, ""), inside))
    return replace(digest, chapters=tuple(chapters))


def file_headings(media: MediaInfo) -> list[Heading]:
    """The chapters that the file itself names, so that the first begins with the video; nothing without any."""
    headings = [Heading(chapter.span.start_s, chapter.title) for chapter in media.tags.chapters]
    if not headings:
        return []
    if headings[0].start_s < AT_START_S:
        return [Heading(0.0, headings[0].title), *headings[1:]]
    return [Heading(0.0, "Beginning"), *headings]


def edited(library: SqlLibrary, id: VideoId) -> list[Heading]:
    """The chapters that a person has edited; empty if they are unchanged."""
    if not any(one.model == BY_HAND for one in library.segments(id, kinds=[SegmentKind.SUMMARY])):
        return []
    return [Heading(chapter.span.start_s, chapter.title) for chapter in library.chapters(id)]


def publish(library: SqlLibrary, retriever: Retriever, id: VideoId, digest: Digest, by: str) -> None:
    """Stores a digest, and its chapters for the search, in place of earlier ones. Raises NotFound.

    `by` names what made them. A chapter is searched for its title and summary; a mere number, which a chapter without
    a summary has unless a person or the file gave it a title, is not.
    """
    library.save_digest(id, digest)
    named = [one for one in digest.chapters if one.summary or by in (BY_HAND, BY_FILE)]
    segments = [
        Segment(
            f"{id}-{SegmentKind.SUMMARY}-{number}",
            id,
            SegmentKind.SUMMARY,
            chapter.span,
            f"{chapter.title}. {chapter.summary}".strip(),
            by,
        )
        for number, chapter in enumerate(named)
    ]
    library.replace_segments(id, [SegmentKind.SUMMARY], segments)
    retriever.remove(id, [SegmentKind.SUMMARY])
    retriever.add(segments)
