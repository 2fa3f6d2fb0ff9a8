"""Citations: cards to look at, and chips in a line of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.api.schemas import CitationOut, VideoOut
from app.core.timecode import clock
from app.core.types import SegmentKind
from ui.render.markup import jump, picture, safe, span_of

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


def citations(cited: Sequence[CitationOut], videos: Videos) -> str:
    """Citations as cards with picture, time and quote. A click plays one to its end."""
    if not cited:
        return ""
    cards = []
    for one in cited:
        title = title_of(one.video_id, videos)
        inner = (
            f'{_picture(one, videos)}<span><span class="lr-when">&#9654; {span_of(one.start_s, one.end_s)}</span> '
            f"{checked(one)} <small>{KINDS[one.kind]} · {safe(title)}</small><q>{safe(one.quote)}</q></span>"
        )
        label = f"Play {safe(title)} from {clock(one.start_s)}: {safe(one.quote)}"
        start_s, end_s = played(one)
        cards.append(f"<li>{jump(one.video_id, start_s, inner, 'lr-cite', label=label, end_s=end_s)}</li>")
    return f'<ol class="lr-citations" aria-label="Evidence">{"".join(cards)}</ol>'


def chip(cited: CitationOut, number: int, videos: Videos) -> str:
    """A citation in a line of text; picture and quote show while the pointer or the focus is on it."""
    label = f"Source {number}: play from {clock(cited.start_s)}"
    start_s, end_s = played(cited)
    button = jump(cited.video_id, start_s, f"&#9654; {clock(cited.start_s)}", "lr-chip", label=label, end_s=end_s)
    return (
        f'<span class="lr-source">{button}<span class="lr-pop">{_picture(cited, videos)}'
        f"<span><b>{span_of(cited.start_s, cited.end_s)}</b> {checked(cited)}"
        f"<q>{safe(cited.quote)}</q></span></span></span>"
    )


def checked(cited: CitationOut) -> str:
    """Whether the citation was checked against its claim."""
    if cited.verified:
        return '<span class="lr-checked" title="Checked against the video">&#10003; verified</span>'
    return '<span class="lr-unchecked">not verified</span>'


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


def _picture(cited: CitationOut, videos: Videos) -> str:
    shown_s = cited.start_s if cited.frame_s is None else cited.frame_s
    return picture(videos.get(cited.video_id), shown_s)
