"""detect: finds named things in frames with an object detector, and counts them by code."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pydantic import Field

from agents.evidence import Passage
from agents.state import Coverage
from agents.tools.base import Arguments, Outcome, SpanIn, Tool, ToolContext, VideoName
from agents.tools.frames import evenly
from app.core import events
from app.core.errors import ToolRefused
from app.core.types import Detection, SegmentKind, TimeSpan

MOST_FRAMES = 32
LEAST_CONFIDENCE = 0.3
SIDE = 960


class Detect(Arguments):
    """Arguments of detect."""

    video: VideoName
    things: list[str] = Field(min_length=1, max_length=8, description="singular nouns, such as car")
    spans: list[SpanIn] = Field([], max_length=16, description="where to look; empty: the whole video")
    frames: int = Field(16, ge=1, le=MOST_FRAMES, description="how many frames, evenly spaced")


def detect(call: Detect, context: ToolContext) -> Outcome:
    """For each frame with any of the things, how many there are and where they lie."""
    detector = context.work.parts.detector
    if detector is None:
        raise ToolRefused("No object detector is set up.")
    video = context.video(call.video)
    if video.media.video is None:
        raise ToolRefused(f"{context.name_of(video)} has no pictures.")
    context.require(SegmentKind.VISUAL)
    spans = [context.span(video, span) for span in call.spans] or [context.span(video, None)]
    times = evenly(spans, context.work.budget.take_frames(call.frames))
    track = video.media.picture_track
    frames = list(context.work.parts.frames.at(Path(video.path), times, max_side=SIDE, track=track))
    if not frames:
        raise ToolRefused("No frame is left in the budget, or none could be decoded there.")
    passages = []
    for frame, things in zip(frames, detector.detect(frames, call.things, least=LEAST_CONFIDENCE), strict=True):
        if things:
            span = TimeSpan(max(0.0, frame.pts_s - 0.5), frame.pts_s + 0.5)
            passages.append(
                Passage(video.id, SegmentKind.VISUAL, span, _described(things), frame.pts_s, confidence=0.8)
            )
    hull = TimeSpan(min(span.start_s for span in spans), max(span.end_s for span in spans))
    seen_s = tuple(frame.pts_s for frame in frames)
    context.report(events.Inspected(str(video.id), hull, "look", seen_s, tuple(p.hit for p in passages)))
    names = ", ".join(call.things)
    head = f"{names}: found in {len(passages)} of {len(frames)} frames."
    return Outcome((head, *passages), (Coverage("pictures", video.id, hull),))


def _described(things: list[Detection]) -> str:
    counts = Counter(thing.name for thing in things)
    places = [f"{thing.name} {_side(thing.box)} ({thing.confidence:.0%})" for thing in things[:12]]
    return f"{', '.join(f'{count} {name}' for name, count in counts.items())}: {'; '.join(places)}"


def _side(box: tuple[float, float, float, float]) -> str:
    middle = (box[0] + box[2]) / 2
    return "on the left" if middle < 0.4 else "on the right" if middle > 0.6 else "in the middle"


TOOL = Tool(
    "detect",
    "Finds named things in frames with an object detector and says how many there are in each frame, and where. "
    "It does not know whether a thing in two frames is the same one.",
    Detect,
    detect,
    is_available=lambda work: work.parts.detector is not None,
)
