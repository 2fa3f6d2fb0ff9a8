"""Reads a stretch of a video: everything known of it, in time order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agents.passages import from_segment, from_utterances, merged
from agents.state import Passage, Work
from app.core.types import SegmentKind, TimeSpan, Utterance, Video

SHOWN = (SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION, SegmentKind.VISUAL)


def read(video: Video, window: TimeSpan, work: Work, *, size: int = 3) -> list[Passage]:
    """What is said, in runs of `size` sentences, and what is shown in a stretch."""
    library = work.parts.library
    said = [from_utterances(video.id, run) for run in runs(library.utterances(video.id, window), size)]
    shown = [from_segment(s) for s in library.segments(video.id, kinds=SHOWN, window=window)]
    return sorted([*said, *merged(shown)], key=lambda p: (p.span.start_s, p.kind))


def runs(said: Sequence[Utterance], size: int = 3) -> Iterable[Sequence[Utterance]]:
    """Sentences in groups of `size`."""
    return (said[at : at + size] for at in range(0, len(said), size))


def about(videos: Iterable[Video], work: Work) -> list[Passage]:
    """What whole videos tell: their summaries, or without one everything that is said."""
    library, found = work.parts.library, list[Passage]()
    for video in videos:
        segments = library.segments(video.id, kinds=(SegmentKind.SUMMARY,))
        said = () if segments else runs(library.utterances(video.id))
        found += [from_segment(s) for s in segments] or [from_utterances(video.id, run) for run in said]
    return found
