"""The use case: summarize one video or several, bottom-up, with each branch stored.

Sentences -> points of a block -> chapters -> a video's text -> a collection's text. At every level, a point
cites the sentences themselves. When a chapter changes, only its own branch is redone, up to the collection
if its video's text changes; everything else is read back (see `work`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from agents.evidence.reading import is_guess
from app.core.errors import NotFound
from app.core.events import Listener, ignore
from app.core.requests import Length, SummaryRequest
from app.core.types import SegmentKind, Video
from app.db.library import SqlLibrary
from app.services.screen_text_filter import filter_screen_text
from app.services.summarize.choosing import blocks, inside
from app.services.summarize.composing import Branch, drafts
from app.services.summarize.shapes import CollectionSummary, Section, VideoSentence, VideoSummary
from app.services.summarize.work import SummaryParts, SummaryRun, Units
from app.services.topics import Sentence
from app.services.transcript_sentences import transcript_sentences


class SummarizeService:
    """Writes summaries with citations."""

    def __init__(self, parts: Callable[[], SummaryParts], library: SqlLibrary) -> None:
        self._make_parts = parts
        self._library = library

    def summarize(
        self,
        video: Video,
        request: SummaryRequest | None = None,
        *,
        report: Listener = ignore,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> VideoSummary:
        """A summary of an ingested video. Reuses earlier work by the same models.

        Raises NotFound before the video is ready, MissingPart for a language that the
        profile's model cannot write, Cancelled.
        """
        work = self._begun(request, report, cancelled)
        chapters = len(self._library.chapters(video.id))
        if not chapters:
            raise NotFound(f"{video.title} has no summary yet.", "Wait until it is ready.")
        work.begin(chapters + 1, "chapters")
        sections = _composed(self._branches(video, work, work.progress), work)
        work.end(video.id)
        return VideoSummary(video.id, video.title, work.wanted, sections, work.phrased_by)

    def together(
        self,
        videos: Sequence[Video],
        request: SummaryRequest | None = None,
        *,
        report: Listener = ignore,
        cancelled: Callable[[], bool] = lambda: False,
        stored_only: bool = False,
    ) -> CollectionSummary:
        """A summary of several videos, built from a paragraph about each, and a sentence about each.

        A video that is not ready yet is listed without a sentence. With `stored_only`, no model is
        used. Raises like `summarize`; NotFound if no video is ready, and with `stored_only` also if the
        summary does not exist or is out of date.
        """
        work = self._begun(request, report, cancelled, stored_only=stored_only)
        work.begin(len(videos) + 1, "videos")
        lines, branches = [], []
        for number, video in enumerate(sorted(videos, key=lambda one: (one.added_at, one.id)), 1):
            found = self._branches(video, work)
            if found:
                # The sentences of its paragraph, in its own language, so that each text is translated only once.
                paragraph = _composed(found, work.part(replace(work.wanted, length=Length.PARAGRAPH, language=None)))
                offered = [point for section in paragraph for point in section.points]
                branches.append(Branch(video.title, None, (tuple(work.central(offered)) if offered else (),)))
            line = _composed(found, work.part(replace(work.wanted, length=Length.LINE)))
            points = (point for section in line for point in section.points)
            lines.append(VideoSentence(video.id, video.title, next(points, None)))
            work.progress(number)
        if not branches:
            raise NotFound("None of these videos has a summary yet.", "Wait until one is ready.")
        sections = _composed(branches, work)
        work.end()
        return CollectionSummary(work.wanted, sections, tuple(lines), work.phrased_by)

    def _begun(
        self,
        request: SummaryRequest | None,
        report: Listener,
        cancelled: Callable[[], bool],
        *,
        stored_only: bool = False,
    ) -> SummaryRun:
        parts = self._make_parts()
        units = Units(parts.stages, cancelled, stored_only=stored_only)
        return SummaryRun(parts, request or SummaryRequest(), units, report)

    def _branches(self, video: Video, work: SummaryRun, report: Callable[[int], None] = lambda _: None) -> list[Branch]:
        """The chapters of a video with their points; none before it is ready."""
        chapters = self._library.chapters(video.id)
        if not chapters:
            return []
        utterances = self._library.utterances(video.id)
        work.take_up(video, bool(utterances))
        kinds = (SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION)
        segments = [s for s in self._library.segments(video.id, kinds=kinds) if s.text.strip() and not is_guess(s)]
        seen = [Sentence(s.span, s.kind, s.text, s.frame_s) for s in segments]
        sentences = filter_screen_text(transcript_sentences(utterances) + seen)
        branches = []
        for number, chapter in enumerate(chapters, 1):
            own = inside(chapter, sentences, last=number == len(chapters))
            offers = tuple(work.points(video.id, block) for block in blocks(chapter, own))
            title = chapter.title if len(chapters) > 1 else ""  # the only one is the video
            branches.append(Branch(title, chapter.span, offers))
            report(number)
        return branches


def _composed(branches: Sequence[Branch], work: SummaryRun) -> tuple[Section, ...]:
    return tuple(work.section(draft) for draft in drafts(branches, work.wanted, work.central))
