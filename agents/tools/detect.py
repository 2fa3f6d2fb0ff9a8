"""detect: finds when named things appear and leave, how many there are, and where, from tracks and a closer look."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from agents.evidence import Passage
from agents.evidence.things import ASK, count_facts, kinds_meant, track_passage
from agents.parts import AgentRun
from agents.tools.base import Outcome, SpanIn, Tool, ToolContext, VideoName
from agents.tools.look import NO_FRAME
from app.core.errors import ToolRefused
from app.core.types import SegmentKind, TimeSpan, Video, evenly
from app.text.scene import described

MOST_FRAMES = 32
LEAST_CONFIDENCE = 0.3
SIDE = 960
MOST_CLOSE_S = 60.0
MOST_TRACKS = 24
"""Tracks of one kind that are listed for a span."""


class Detect(Tool):
    """Finds named things with an object detector: how many there are at once, when each appears and leaves, where it
    is, and for some frames what is left of, right of, above or below what. Use it to count, and for who comes after
    whom. With fps it follows the things closely through short spans."""

    video: VideoName
    things: list[str] = Field(min_length=1, max_length=8, description="singular nouns, such as car")
    spans: list[SpanIn] = Field([], max_length=16, description="where to look; empty: the whole video")
    frames: int = Field(16, ge=0, le=MOST_FRAMES, description="how many of the budget are searched anew, evenly")
    fps: float | None = Field(
        None,
        ge=0.5,
        le=5,
        description="instead: follow the things through the spans in this many frames a second, for exact times and "
        "numbers of what moves fast; a minute at most",
    )

    @classmethod
    def is_available(cls, work: AgentRun) -> bool:
        """Where there is a detector."""
        return work.parts.detector is not None

    def run(self, context: ToolContext) -> Outcome:
        """When the things appear and leave, and for some frames how many there are, and where."""
        detector = context.work.parts.detector
        assert detector is not None
        video = context.video(self.video, pictures=True)
        context.require(SegmentKind.VISUAL)
        spans = context.spans(video, self.spans)
        names = _names(self.things, detector.classes, context.work)
        followed = self._followed(video, spans, names, context.work)
        times = evenly(spans, 0 if self.fps else context.work.budget.take_frames(self.frames))
        frames = list(context.work.pictures.at(video, times, SIDE)) if times else []
        if not frames and not followed and not self.fps:
            raise ToolRefused(NO_FRAME)
        passages = []
        for frame, things in zip(frames, detector.detect(frames, names, least=LEAST_CONFIDENCE), strict=True):
            if things:
                span = TimeSpan(max(0.0, frame.pts_s - 0.5), frame.pts_s + 0.5)
                text = described(things)
                passages.append(Passage(video.id, SegmentKind.VISUAL, span, text, frame.pts_s, confidence=0.8))
        hull = TimeSpan(min(span.start_s for span in spans), max(span.end_s for span in spans))
        context.report_inspected("look", video, hull, [frame.pts_s for frame in frames], [*followed, *passages])
        how = f"found in {len(passages)} of {len(frames)} frames"
        if self.fps:
            how = f"followed in {self.fps:g} frames a second{'' if followed else ', and not found'}"
        head = f"{', '.join(names)}: {how}."
        # A detector that knows a few things has not looked at the pictures.
        return Outcome((*followed, head, *passages))

    def _followed(self, video: Video, spans: Sequence[TimeSpan], names: Sequence[str], work: AgentRun) -> list[Passage]:
        """The numbers of the things in each span and when each of them is seen: followed closely now where there is a
        rate for that, else as ingest followed them."""
        store, follow = work.parts.tracks, work.parts.follow
        if self.fps and sum(span.duration_s for span in spans) > MOST_CLOSE_S:
            most = f"{MOST_CLOSE_S:.0f} seconds in all"
            raise ToolRefused(f"Give shorter spans: {most} can be followed closely in one call.")
        passages: list[Passage] = []
        for span in spans:
            if self.fps and follow:
                tracks = follow(video, span, names, self.fps, work.budget.is_over)
            else:
                tracks = store.tracks(video.id, span) if store else []
            for name in names:
                passages += count_facts(work, video, span, name, tracks)
                passages += [track_passage(video, track) for track in tracks if track.name == name][:MOST_TRACKS]
        return passages


def _names(things: Sequence[str], classes: Sequence[str], work: AgentRun) -> list[str]:
    """What the detector calls the things. Raises ToolRefused where it knows only other things."""
    if not classes:
        return list(things)
    names: list[str] = []
    for thing in things:
        known = thing in classes
        names += [thing] if known else kinds_meant(ASK.format(thing), work.parts.text_embedder, classes)[:1]
    if not names:
        raise ToolRefused(f"The detector does not know {', '.join(things)}. It knows: {', '.join(classes)}.")
    return list(dict.fromkeys(names))
