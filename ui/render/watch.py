"""The open video: player, chapters, timeline, and the lists of what is said and shown."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.api.schemas import ChapterOut, SegmentOut, UtteranceOut, VideoOut
from app.api.schemas.entities import EntityOut
from app.api.schemas.speakers import SpeakerOut
from app.core.types import SegmentKind
from app.core.types.entities import MentionSource
from ui.render.library import cards
from ui.render.markup import date_in_words
from ui.render.summaries import FILES
from ui.render.templates import NOTHING, fill, has_pictures, share, thumbnail

MOST_EXAMPLES, MOST_RECENT, MOST_NAME_WORDS = 3, 9, 4
OTHERWISE_SHOWN = ("speech", "silence")
"""Sounds without a lane: the sentences have one, and silence shows in the loudness."""
ON_SCREEN = {SegmentKind.SCREEN_TEXT: "text", SegmentKind.CAPTION: "picture", SegmentKind.EVENT: "event"}
TABS = {
    "asking": "Ask",
    "transcript": "Transcript",
    "summary": "Summary",
    "chapters": "Chapters",
    "screen": "On screen",
    "export": "Export",
}
"""What is beside the player, by the names in the address."""


def recent(videos: Sequence[VideoOut]) -> Markup:
    """The newest videos to choose from, shown while none is open."""
    ready = [video for video in videos if video.ready]
    return fill("recent.html", cards=cards(ready[:MOST_RECENT]), count=len(videos))


def player(video: VideoOut, start_s: float = 0.0, play: bool = False, spoken: bool = False) -> Markup:
    """The open video, from a time on; with captions if there is speech (`spoken`)."""
    facts = (("Recorded", date_in_words(video.recorded_at)), ("Camera", video.camera), ("Place", video.location))
    origin = " · ".join(f"{name}: {value}" for name, value in facts if value)
    picture = thumbnail(video, start_s)
    return fill("player.html", video=video, start_s=start_s, play=play, spoken=spoken, origin=origin, picture=picture)


def timeline(
    video: VideoOut | None,
    chapters: Sequence[ChapterOut],
    sentences: Sequence[UtteranceOut],
    segments: Sequence[SegmentOut],
) -> Markup:
    """The player's bar, below it the chapters on the same scale, and lanes, closed until somebody opens them."""
    if video is None or video.duration_s <= 0:
        return NOTHING
    lanes = {
        "Said": [(line.start_s, line.end_s) for line in sentences],
        "On screen": [(one.start_s, one.end_s) for one in segments if one.kind is SegmentKind.SCREEN_TEXT],
        "Described": [(one.start_s, one.end_s) for one in segments if one.kind is SegmentKind.CAPTION],
        "Events": [(one.start_s, one.end_s) for one in segments if one.kind is SegmentKind.EVENT],
    }
    for one in segments:
        if one.kind is SegmentKind.SOUND and one.text not in OTHERWISE_SHOWN:
            lanes.setdefault(one.text.capitalize(), []).append((one.start_s, one.end_s))
    shapes = {}
    for name, spans in lanes.items():
        shares = (share(*span, video.duration_s) for span in spans)
        shapes[name] = "".join(f"M{left:.2f} 0h{width:.2f}v1h-{width:.2f}z" for left, width in shares)
    pictured = has_pictures(video)
    # The start and the first key frame of each scene, for the script that knows the width.
    first: dict[float, float] = {}
    for one in segments:
        if pictured and one.kind is SegmentKind.VISUAL and one.frame_s is not None:
            first.setdefault(one.start_s, one.frame_s)
    scenes = " ".join(f"{start_s:.3f}:{frame_s:.3f}" for start_s, frame_s in sorted(first.items()))
    return fill("timeline.html", video=video, chapters=chapters, pictured=pictured, scenes=scenes, lanes=shapes)


def about(
    video: VideoOut | None,
    sentences: Sequence[UtteranceOut],
    segments: Sequence[SegmentOut],
    chapters: Sequence[ChapterOut],
    speakers: Sequence[SpeakerOut] = (),
    mentioned: Markup = NOTHING,
) -> Markup:
    """The tabs beside the player and their panels; those to ask and of the summary are parts of their own.

    `mentioned` is the names and things of the video.
    """
    if video is None:
        return NOTHING
    return fill(
        "about.html",
        video=video,
        tabs=TABS,
        mentioned=mentioned,
        speakers=speakers,
        names=", ".join(one.name or one.label for one in speakers),
        sentences=sentences,
        chapters=chapters,
        shown=[(one, ON_SCREEN[one.kind]) for one in segments if one.kind in ON_SCREEN],
        files=FILES,
    )


def examples(
    video: VideoOut | None, names: Sequence[EntityOut], written: bool = False, earlier: Markup = NOTHING
) -> Markup:
    """Questions that a person may ask about the video, or about the library, and `earlier` ones below.

    They are made of names that are said; `written` is whether there is text on the screen.
    """
    said = [one.name for one in names if MentionSource.SAID in one.sources and len(one.name.split()) <= MOST_NAME_WORDS]
    if video is None:
        questions = [f"Which videos mention {name}?" for name in said] or ["Which videos mention money?"]
    else:
        asked = ("What is said about {}?", "When is {} mentioned?")
        questions = [question.format(name) for question, name in zip(asked, said, strict=False)]
        questions += ["What is written on the screen?"] if written else []
        questions += ["What is this video about?"]
    return fill("examples.html", questions=questions[:MOST_EXAMPLES], earlier=earlier)
