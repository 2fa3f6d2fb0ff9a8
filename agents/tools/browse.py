"""browse: shows what a video is about, from what ingest prepared."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from agents.evidence import Passage
from agents.evidence.files import chapter_passages, file_passage
from agents.evidence.reading import from_segment
from agents.evidence.sounds import sound_passages
from agents.tools.base import Outcome, Tool, ToolContext, VideoName
from app.core.timecode import clock, span_clock
from app.core.types import SegmentKind, Video
from app.core.types.entities import MentionSource

MOST_CHAPTERS = 60
MOST_SUBJECTS = 30
MOST_MENTIONS = 5
EVENTS_A_PAGE = 60


class Browse(Tool):
    """Shows what a video is about: its length, when music and singing are heard, chapters with times, the names,
    people and things that come up, and what happens in the pictures where a model described them. Chapters and
    subjects are written by a machine, unless they are numbered: use them to decide where to look, never as proof."""

    video: VideoName
    page: int = Field(1, ge=1, description="of the events, where there are many")

    def run(self, context: ToolContext) -> Outcome:
        """Title, chapters, subjects, events and file. Chapters and subjects of a machine only hint where to look.
        What the file itself calls its chapters is evidence of that."""
        video, library, plan = context.video(self.video), context.work.parts.library, context.state["plan"]
        span = context.allowed(video)
        noted = library.segments(video.id, kinds=(SegmentKind.EVENT,), window=span)
        events = [from_segment(one) for one in noted if plan.allows(SegmentKind.EVENT)]
        if self.page > 1:
            return Outcome(tuple(_events(events, self.page)) or ("There are no events.",))
        chapters = [one for one in library.chapters(video.id) if one.span.overlaps(span)]
        texts = [f"chapter “{one.title}”. {one.summary}".strip() for one in chapters[:MOST_CHAPTERS]]
        hints = zip(chapters, texts, strict=False)
        passages = [Passage(video.id, SegmentKind.SUMMARY, one.span, text, proves=False) for one, text in hints]
        passages += chapter_passages(video, span)[:MOST_CHAPTERS]
        spoken = "speech" if library.utterances(video.id) else "no speech"
        pictures = "pictures" if video.media.video else "no pictures"
        head = f"{video.title}: {pictures}, {spoken}. {len(chapters)} chapters:"
        heard = "; ".join(passage.text for passage in sound_passages(library, video, span))
        heads = [head, f"Heard: {heard}."] if heard and plan.allows(SegmentKind.SOUND) else [head]
        parts = (*heads, *passages, *_subjects(video, context), *_events(events, 1), file_passage(video))
        return Outcome(tuple(p for p in parts if isinstance(p, str) or not p.proves or plan.allows(p.kind)))


def _subjects(video: Video, context: ToolContext) -> list[str]:
    """Names with the times of their mentions; of what is seen also what it looks like, and for how long it is seen."""
    entities = context.work.parts.entities
    if entities is None:
        return []
    lines = []
    for entity in entities.all(videos=[video.id])[:MOST_SUBJECTS]:
        mentions = entities.mentions(entity.kind, entity.key, [video.id])
        times = ", ".join(
            span_clock(one.span) if one.source is MentionSource.SEEN else clock(one.span.start_s)
            for one in mentions[:MOST_MENTIONS]
        )
        more = f" and {len(mentions) - MOST_MENTIONS} more" if len(mentions) > MOST_MENTIONS else ""
        seen = (one.quote for one in mentions if one.source is MentionSource.SEEN)
        looks = next((quote for quote in seen if quote != entity.name), "")
        lines.append(f"{entity.name}{f' ({looks})' if looks else ''}: {times}{more}")
    return [f"Names, people and things, with the times of their mentions: {'; '.join(lines)}."] if lines else []


def _events(events: Sequence[Passage], page: int) -> list[str | Passage]:
    """One page of the events, in order of time."""
    if not events:
        return []
    pages = -(-len(events) // EVENTS_A_PAGE)
    page = min(page, pages)
    shown = events[(page - 1) * EVENTS_A_PAGE : page * EVENTS_A_PAGE]
    more = f", page {page} of {pages}" if pages > 1 else ""
    return [f"{len(events)} events that a model saw in the pictures{more}:", *shown]
