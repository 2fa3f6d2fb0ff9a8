"""look: shows pictures. A model that can see gets the frames themselves; otherwise the vision model describes them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from agents.coverage import frames_covered
from agents.looking import see_frames
from agents.parts import AgentRun
from agents.state import Sense
from agents.tools.base import Outcome, SpanIn, Tool, ToolContext, VideoName
from agents.tools.frames import FrameChooser, distinct
from app.core.errors import ToolRefused
from app.core.timecode import clock
from app.core.types import SegmentKind, TimeSpan, Video, evenly

MOST_FRAMES = 64
JUDGED_SIDE = 490
"""Longest side of frames that a selection method looks at itself, pixels."""
NO_FRAME = "No frame is left in the budget, or none could be decoded there."


class Look(Tool):
    """Shows pictures of a video with their exact times. Give a goal in words to find the right frames in a long span,
    or fps to follow a movement, a count or an order closely. Look again with more frames around what you found.
    Colours, things, people, actions, counts and what happens first can only be seen, not searched."""

    video: VideoName
    spans: list[SpanIn] = Field([], max_length=16, description="where to look; empty: the whole video")
    goal: str = Field("", max_length=300, description="what to look for: frames that fit it are chosen")
    frames: int = Field(16, ge=1, le=MOST_FRAMES, description="how many frames, at most 64")
    distinct: bool = Field(False, description="instead of a goal: frames that differ from each other, for an overview")
    fps: float | None = Field(None, gt=0, le=10, description="instead of choosing: this many frames a second, evenly")
    side: int = Field(640, ge=160, le=1280, description="longest side of the frames in pixels; more for small details")

    @classmethod
    def is_available(cls, work: AgentRun) -> bool:
        """Where something can see."""
        return work.sees

    def run(self, context: ToolContext) -> Outcome:
        """The frames, each as evidence with the span for which it stands."""
        video = context.video(self.video, pictures=True)
        context.require(SegmentKind.VISUAL)
        spans = context.spans(video, self.spans)
        times, how = self._times(video, spans, context.work)
        shown = context.work.pictures.by_time(video, times, self.side)
        frames = [shown[time_s] for time_s in times if time_s in shown]
        if not frames:
            raise ToolRefused(f"{NO_FRAME} Answer from what you have.")
        found = see_frames(context.work, video, frames, spans, self.goal)
        hull = TimeSpan(min(span.start_s for span in spans), max(span.end_s for span in spans))
        context.report_inspected("look", video, hull, [frame.pts_s for frame in frames], found)
        where = f"{context.name_of(video)} between {clock(hull.start_s)} and {clock(hull.end_s)}"
        whole = f"{len(frames)} frames of {where}, {how}:"
        nothing = () if found else ("The vision model saw nothing that bears on this.",)
        # Whoever sees the frames themselves reads them too.
        senses: tuple[Sense, ...] = ("pictures", "screen_text") if context.work.chat_sees else ("pictures",)
        covered = [one for sense in senses for one in frames_covered(video, list(shown), spans, sense)]
        return Outcome((whole, *found, *nothing), tuple(covered))

    def _times(self, video: Video, spans: Sequence[TimeSpan], work: AgentRun) -> tuple[list[float], str]:
        """Which moments to show, and how they were chosen, in words for the model."""
        wanted = self.frames
        if self.fps is not None:
            wanted = max(1, round(self.fps * sum(span.duration_s for span in spans)))
        most = min(MOST_FRAMES, work.pictures_at_once) if work.chat_sees else MOST_FRAMES
        count = work.budget.take_frames(min(wanted, most))
        fewer = f"; {most} at most fit into one look" if wanted > most else ""
        parts, features, goal = work.parts, work.features(video), self.goal.strip()
        if self.fps is not None or not (goal or self.distinct):
            return evenly(spans, count), f"evenly spaced{fewer}"
        if self.distinct and parts.frame_selector is not None and features:
            return distinct(parts.frame_selector, features, spans, count), f"those that differ most among them{fewer}"
        if not (goal and features and parts.frame_embedder is not None):
            reason = "as this video's pictures cannot be searched or compared"
            return evenly(spans, count), f"evenly spaced, {reason}{fewer}"
        track = video.media.picture_track
        fetch = functools.partial(parts.frames.at, Path(video.path), max_side=JUDGED_SIDE, track=track)
        chooser = FrameChooser(parts.frame_embedder, parts.query_frame_selector, fetch)
        return chooser.choose(goal, features, spans, count), f"the best matches for the goal among them{fewer}"
