"""What was searched and looked at, and what was not. It decides between "not in the video" and "undecided"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.parts import AgentRun
from agents.state import AgentState, Coverage, Sense
from app.core.timecode import span_clock
from app.core.types import SegmentKind, TimeSpan, Video, joined

REACH_S, REACH_SHARE = 15.0, 1 / 32
"""How far before and after itself a frame covers its video: so many seconds, or this share of it."""
NEARLY = 0.9
"""The share of a span from which it counts as covered."""
NAMES: dict[Sense, str] = {
    "speech": "what is said",
    "screen_text": "what is written on the screen",
    "pictures": "the pictures",
}
KINDS: dict[Sense, tuple[SegmentKind, ...]] = {
    "speech": (SegmentKind.SPEECH,),
    "screen_text": (SegmentKind.SCREEN_TEXT,),
    "pictures": (SegmentKind.VISUAL, SegmentKind.CAPTION, SegmentKind.EVENT),
}
NOTHING_SEES = (
    "the pictures were not looked at, because no model that can see is connected. Connect one with "
    "'longreel connect URL' (docs/connect.md), then ask again"
)


@dataclass(frozen=True, slots=True)
class Gap:
    """A kind of evidence that could hold the answer and was not fully searched."""

    sense: Sense
    video: Video
    sentence: str
    can_close: bool
    """Whether the tools at hand could still search it."""


def searched(state: AgentState) -> tuple[str, ...]:
    """What was searched, read or looked at, a phrase each."""
    phrases: list[str] = []
    for sense, name in NAMES.items():
        parts: list[str] = []
        for video in state["videos"]:
            spans = _inspected(state["inspected"], video, sense)
            if spans and spans[0].contains(1.0) and spans[0].end_s + 1.0 >= video.duration_s:
                parts.append(f"all of {video.title}" if len(state["videos"]) > 1 else "from beginning to end")
            else:
                parts += map(span_clock, spans[:4])
        if parts:
            shown = parts if len(parts) <= 4 else [f"{len(parts)} parts"]
            phrases.append(f"{name} ({', '.join(shown)})")
    return tuple(phrases)


def words_covered(video: Video, span: TimeSpan, kinds: Sequence[SegmentKind]) -> list[Coverage]:
    """What reading or searching these kinds covers; stored descriptions of pictures are no look at them."""
    senses: tuple[Sense, ...] = ("speech", "screen_text")
    return [Coverage(sense, video.id, span) for sense in senses if SegmentKind(sense) in kinds]


def frames_covered(video: Video, times_s: Sequence[float], spans: Sequence[TimeSpan], sense: Sense) -> list[Coverage]:
    """What frames cover of the spans in which they were to be: the time around each."""
    reach_s = max(REACH_S, REACH_SHARE * video.duration_s)
    around = joined(TimeSpan(time_s, time_s).padded(reach_s, video.duration_s) for time_s in times_s)
    return [Coverage(sense, video.id, part) for span in spans for one in around if (part := one.clipped(span))]


def gaps(state: AgentState, work: AgentRun, senses: Sequence[Sense]) -> list[Gap]:
    """What could hold the answer and was not searched. `senses`: where the answer could be; empty for everywhere that
    counts for the person who asks."""
    plan = state["plan"]
    open_gaps: list[Gap] = []
    for video in state["videos"]:
        for sense in [one for one in senses or NAMES if any(map(plan.allows, KINDS[one]))]:
            what = "speech" if sense == "speech" else "pictures"
            unread = [f"{one.rstrip('.')} ({video.title})" for kind, one in video.media.unread if kind == what]
            open_gaps += [Gap(sense, video, sentence, can_close=False) for sentence in unread]
            open_gaps += _gap(state, work, video, sense)
    return open_gaps


def _gap(state: AgentState, work: AgentRun, video: Video, sense: Sense) -> Iterator[Gap]:
    span = state["plan"].span(video)
    has_it = bool(video.media.audio) if sense == "speech" else video.media.video is not None
    if span is None or not has_it:
        return
    near = [one for one in _inspected(state["inspected"], video, sense) if one.overlaps(span)]
    if near and sum(one.intersection_s(span) for one in near) >= NEARLY * span.duration_s:
        return
    if sense != "pictures":
        yield Gap(sense, video, f"{NAMES[sense]} in {video.title} was not searched", can_close=True)
    elif not work.sees:
        yield Gap(sense, video, NOTHING_SEES, can_close=False)
    else:
        yield Gap(
            sense,
            video,
            f"the pictures of {video.title} were not looked at closely enough from beginning to end. Ask about a "
            "shorter part, or allow more frames (LONGREEL_AGENT__MAX_FRAMES)",
            can_close=work.budget.frames_left > 0,
        )


def _inspected(inspected: Sequence[Coverage], video: Video, sense: Sense) -> list[TimeSpan]:
    return joined((one.span for one in inspected if one.video_id == video.id and one.sense == sense), 1.0)
