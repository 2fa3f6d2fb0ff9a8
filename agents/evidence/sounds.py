"""Which sounds are heard in a video, as evidence in words."""

from __future__ import annotations

from collections.abc import Sequence

from agents.evidence.passage import Passage
from app.core.ports import VideoLibrary
from app.core.timecode import span_clock
from app.core.types import Segment, SegmentKind, TimeSpan, Video

MOST_SPANS = 8
"""Spans of a sound that are named in one line."""
ALWAYS = ("music", "singing")
"""Sounds that every tagger knows, so that their absence means something."""


def sound_passages(library: VideoLibrary, video: Video, span: TimeSpan) -> list[Passage]:
    """For each kind of sound one line with the times at which it is heard in a span, and one for what is never heard.

    Nothing where the sounds of the video are not known.
    """
    segments = library.segments(video.id, kinds=(SegmentKind.SOUND,))
    if not segments:
        return []
    by_name: dict[str, list[Segment]] = {name: [] for name in ALWAYS}
    for one in segments:
        by_name.setdefault(one.text, [])
        if one.span.overlaps(span):
            by_name[one.text].append(one)
    passages = [_heard(video, name, some) for name, some in by_name.items() if some]
    absent = [name for name, some in by_name.items() if not some]
    if absent:
        passages.append(Passage(video.id, SegmentKind.SOUND, span, f"no {' and no '.join(absent)}"))
    return passages


def sound_line(library: VideoLibrary, video: Video) -> str:
    """All sounds of a video in one sentence; empty where they are not known."""
    lines = [passage.text for passage in sound_passages(library, video, video.media.whole)]
    return f"Heard: {'; '.join(lines)}." if lines else ""


def _heard(video: Video, name: str, segments: Sequence[Segment]) -> Passage:
    """The times of a sound as a line; its span is that of the first time, where one would listen."""
    times = ", ".join(span_clock(one.span) for one in segments[:MOST_SPANS])
    more = f" and {len(segments) - MOST_SPANS} more times" if len(segments) > MOST_SPANS else ""
    return Passage(video.id, SegmentKind.SOUND, segments[0].span, f"{name} {times}{more}")
