"""Chapters for players and for YouTube."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.types import Chapter, TimeSpan, Utterance
from app.services import subtitles
from app.services.exports.material import Material

YOUTUBE_MIN_S = 10.0
"""YouTube rejects chapter lists with a shorter chapter or with fewer than three chapters."""


def youtube(material: Material) -> str:
    """Lines such as "0:00 Title" to paste into a description; the first is at 0:00, as YouTube requires.

    A chapter shorter than ten seconds joins the one before it; the first one joins the one after it.
    """
    begins = [0.0, *(float(int(c.span.start_s)) for c in material.chapters[1:])]
    ends = [*begins[1:], material.video.duration_s]
    starts: list[tuple[float, str]] = []
    for chapter, begin, end in zip(material.chapters, begins, ends, strict=False):
        if starts and end - begin < YOUTUBE_MIN_S:
            continue
        if starts and begin - starts[-1][0] < YOUTUBE_MIN_S:
            starts[-1] = (starts[-1][0], _title(chapter))
        else:
            starts.append((begin, _title(chapter)))
    lines = []
    for start, title in starts:
        minutes, seconds = divmod(int(start), 60)
        has_hours = material.video.duration_s >= 3600
        shown = f"{minutes // 60}:{minutes % 60:02d}" if has_hours else f"{minutes}"
        lines.append(f"{shown}:{seconds:02d} {title}\n")
    return "".join(lines)


def vtt(material: Material) -> str:
    """A WebVTT chapter track, for <track kind="chapters">."""
    return subtitles.to_vtt(_cues(material.chapters))


def srt(material: Material) -> str:
    """SubRip with one cue per chapter."""
    return subtitles.to_srt(_cues(material.chapters))


def _cues(chapters: Sequence[Chapter]) -> list[Utterance]:
    return [Utterance(TimeSpan(c.span.start_s, c.span.end_s), _title(c)) for c in chapters]


def _title(chapter: Chapter) -> str:
    return " ".join(chapter.title.split()) or "Chapter"
