"""scan: reads the text on the screen again at chosen moments, where it changes between the frames that ingest read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pydantic import Field

from agents.coverage import frames_covered
from agents.evidence import Passage
from agents.parts import AgentRun
from agents.tools.base import Outcome, Seconds, Tool, ToolContext, VideoName
from app.core.errors import ToolRefused
from app.core.timecode import span_clock
from app.core.types import Segment, SegmentKind, TimeSpan, Video

MOST_MOMENTS = 16
SIDE = 1280
"""Longest side of the frames that are read, pixels: small print is lost below it."""
STANDS_S = 0.5
"""A text that was read in one frame stands for so long before and after it."""


class Scan(Tool):
    """Reads the text on the screen again at up to 16 moments: clocks, counters, scores, scrolling or briefly shown
    text, wherever `read` has a gap."""

    video: VideoName
    times: list[Seconds] = Field(min_length=1, max_length=MOST_MOMENTS, description="moments, in seconds")

    def run(self, context: ToolContext) -> Outcome:
        """What is written on the screen at each moment."""
        video = context.video(self.video, pictures=True)
        context.require(SegmentKind.SCREEN_TEXT)
        allowed = context.allowed(video)
        times = sorted(time_s for time_s in set(self.times) if allowed.contains(time_s))
        if not times:
            raise ToolRefused(f"No moment lies within {span_clock(allowed)}.")
        passages = read_moments(context.work, video, times)
        context.report_inspected("read_text", video, TimeSpan(times[0], times[-1]), times, passages)
        covered = frames_covered(video, times, [allowed], "screen_text")
        return Outcome(tuple(passages) or ("No text can be read there.",), tuple(covered))


def read_moments(work: AgentRun, video: Video, times_s: Sequence[float]) -> list[Passage]:
    """The text in the frames shown at these times, a passage each, stored for later questions.

    Raises what decoding and the text reader raise.
    """
    reader, segments = work.parts.text_reader, []
    for frame in work.pictures.at(video, times_s, SIDE):
        work.budget.check()
        text = "\n".join(line.text for line in reader.read(frame))
        if text.strip():
            time_s = frame.pts_s
            span = TimeSpan(max(0.0, time_s - STANDS_S), min(video.duration_s, time_s + STANDS_S))
            id = "scan-" + hashlib.sha256(f"{video.id}|{time_s:.3f}|{reader.model}".encode()).hexdigest()[:24]
            segments.append(Segment(id, video.id, SegmentKind.SCREEN_TEXT, span, text, reader.model, time_s, ""))
    return work.store(segments)
