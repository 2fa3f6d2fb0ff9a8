"""Citations: cards to look at, and chips in a line of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from app.api.schemas import CitationOut, VideoOut
from app.core.types import SegmentKind
from ui.render.templates import thumbnail

KINDS = {
    SegmentKind.SPEECH: "said",
    SegmentKind.SCREEN_TEXT: "written on screen",
    SegmentKind.VISUAL: "shown",
    SegmentKind.CAPTION: "shown",
    SegmentKind.EVENT: "shown",
    SegmentKind.OBJECT: "counted",
    SegmentKind.SOUND: "heard",
    SegmentKind.SUMMARY: "summary",
}

STILL = (SegmentKind.SCREEN_TEXT, SegmentKind.VISUAL, SegmentKind.CAPTION)
"""Kinds whose moment is a picture, which may stay for minutes."""
LEAST_S, MOST_STILL_S = 2.0, 10.0
"""The least that is played of a moment, and the most of a picture."""

Videos = Mapping[str, VideoOut]


@dataclass(frozen=True)
class NumberedSource:
    """A citation as a template shows it."""

    citation: CitationOut
    number: int
    title: str
    kind: str
    picture: str
    """The address of its picture; empty if there is none."""
    plays: tuple[float, float]
    """What a click plays."""


def number_sources(
    citations: Iterable[CitationOut], videos: Videos, numbers: Iterator[int] | None = None
) -> list[NumberedSource]:
    """The citations with their numbers, from 1 unless `numbers` goes on with those of the text before."""
    numbers = numbers or count(1)
    return [
        NumberedSource(
            citation=one,
            number=next(numbers),
            title=title_of(one.video_id, videos),
            kind=KINDS[one.kind],
            picture=thumbnail(videos.get(one.video_id), one.start_s if one.frame_s is None else one.frame_s),
            plays=played(one),
        )
        for one in citations
    ]


def title_of(video_id: str, videos: Videos) -> str:
    """The title of a video, or the beginning of its id if it is gone."""
    return videos[video_id].title if video_id in videos else video_id[:12]


def played(cited: CitationOut) -> tuple[float, float]:
    """What a click on a citation plays, in seconds: of a picture only the beginning, from when it first appears.

    A picture that is cited from the middle of a longer scene is played from just before it.
    """
    start_s, end_s = cited.start_s, max(cited.end_s, cited.start_s + LEAST_S)
    if cited.kind not in STILL:
        return start_s, end_s
    written = cited.kind is SegmentKind.SCREEN_TEXT  # its span begins when the text appears
    if not written and cited.frame_s is not None and start_s + MOST_STILL_S <= cited.frame_s < end_s:
        start_s = cited.frame_s - LEAST_S / 2
    return start_s, min(end_s, start_s + MOST_STILL_S)
