"""browse: what a video is about, from what ingest prepared."""

from __future__ import annotations

from agents.evidence import Passage
from agents.tools.base import Arguments, Outcome, Tool, ToolContext, VideoName
from app.core.timecode import clock
from app.core.types import SegmentKind, Video

MOST_CHAPTERS = 60
MOST_SUBJECTS = 30
MOST_MENTIONS = 5


class Browse(Arguments):
    """Arguments of browse."""

    video: VideoName


def browse(call: Browse, context: ToolContext) -> Outcome:
    """Title, chapters, summary and subjects. All of it only hints where to look: a machine wrote it."""
    video = context.video(call.video)
    library = context.work.parts.library
    chapters = library.chapters(video.id)
    passages = [
        Passage(video.id, SegmentKind.SUMMARY, one.span, f"chapter “{one.title}”. {one.summary}".strip(), proves=False)
        for one in chapters[:MOST_CHAPTERS]
    ]
    spoken = "speech" if library.utterances(video.id) else "no speech"
    pictures = "pictures" if video.media.video else "no pictures"
    head = f"{video.title}: {clock(video.duration_s)} long, {pictures}, {spoken}. {len(chapters)} chapters:"
    return Outcome((head, *passages, *_subjects(video, context)))


def _subjects(video: Video, context: ToolContext) -> list[str]:
    entities = context.work.parts.entities
    if entities is None:
        return []
    lines = []
    for entity in entities.all(videos=[video.id])[:MOST_SUBJECTS]:
        mentions = entities.mentions(entity.kind, entity.key, [video.id])
        times = ", ".join(clock(one.span.start_s) for one in mentions[:MOST_MENTIONS])
        more = f" and {len(mentions) - MOST_MENTIONS} more" if len(mentions) > MOST_MENTIONS else ""
        lines.append(f"{entity.name}: {times}{more}")
    return [f"Names and things, with the times of their mentions: {'; '.join(lines)}."] if lines else []


TOOL = Tool(
    "browse",
    "Shows what a video is about: its length, chapters with times, and the names and things that come up. "
    "Written by a machine: use it to decide where to look, never as proof.",
    Browse,
    browse,
)
