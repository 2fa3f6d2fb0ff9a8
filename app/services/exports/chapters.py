"""Chapters for players and for YouTube."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.types import Chapter, TimeSpan, Utterance
from app.services import subtitles
from app.services.exports.material import Material

YOUTUBE_MIN_S = 10.0
"""YouTube takes no chapter list with a shorter chapter, and none with fewer than three."""


def youtube(material: Material) -> str:
    """Lines such as "0:00 Title" to paste in a description; the first is at 0:00, as YouTube asks.

    A chapter shorter than ten seconds joins the one before it.
    """
    starts: list[tuple[float, str]] = []
    for chapter in material.chapters:
        start = 0.0 if not starts else float(int(chapter.span.start_s))
        if starts and start - starts[-1][0] < YOUTUBE_MIN_S:
            continue
        starts.append((start, _title(chapter)))
    if len(starts) > 1 and material.video.duration_s - starts[-1][0] < YOUTUBE_MIN_S:
        starts.pop()
    whole_hours = material.video.duration_s >= 3600
    return "".join(f"{_clock(start, whole_hours)} {title}\n" for start, title in starts)


def vtt(material: Material) -> str:
    """A WebVTT chapter track, for <track kind="chapters">."""
    return subtitles.to_vtt(_cues(material.chapters))


def srt(material: Material) -> str:
    """SubRip with a cue for each chapter."""
    return subtitles.to_srt(_cues(material.chapters))


def _cues(chapters: Sequence[Chapter]) -> list[Utterance]:
    return [Utterance(TimeSpan(c.span.start_s, c.span.end_s), _title(c)) for c in chapters]


def _title(chapter: Chapter) -> str:
    return " ".join(chapter.title.split()) or "Chapter"


def _clock(seconds: float, hours: bool) -> str:
    whole = int(seconds)
    rest = f"{whole % 60:02d}"
    if hours:
        return f"{whole // 3600}:{whole // 60 % 60:02d}:{rest}"
    return f"{whole // 60}:{rest}"
