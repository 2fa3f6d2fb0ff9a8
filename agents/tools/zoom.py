"""zoom: shows a part of the picture enlarged, with the things that were followed there and the text in it."""

from __future__ import annotations

from pydantic import Field

from agents.coverage import frames_covered
from agents.evidence import Passage
from agents.evidence.regions import region_passages
from agents.looking import see_frames
from agents.state import AgentState, Coverage
from agents.tools.base import Action, Outcome, Seconds, SpanIn, Tool, ToolContext, VideoName
from app.core.errors import ToolRefused
from app.core.timecode import span_clock
from app.core.types import SegmentKind, ToolCall, Video, evenly
from app.core.types.objects import Region

LEAST_FRAMES, MOST_FRAMES = 3, 8
AROUND_S = 0.5
"""A moment is shown with the frames so long before and after it."""
MARGIN = 0.08
"""What is shown around the part, as a share of its sides."""
SIDE = 960


class Zoom(Tool):
    """Shows a part of the picture enlarged, with the things that were followed there (what each is, from when to
    when) and the text in it. Use it for small things and small print."""

    video: VideoName
    start_s: Seconds
    end_s: Seconds | None = Field(None, description="the end of the span; without it, one moment")
    left: float = Field(ge=0, le=1, description="left side of the part, as a share of the picture")
    top: float = Field(ge=0, le=1)
    right: float = Field(ge=0, le=1)
    bottom: float = Field(ge=0, le=1)

    def run(self, context: ToolContext) -> Outcome:
        """The things in the part, the text in it, and where a model can see, its pictures."""
        video, work = context.video(self.video, pictures=True), context.work
        end_s = self.start_s if self.end_s is None else self.end_s
        span = context.span(video, SpanIn(start_s=self.start_s, end_s=end_s))
        if self.right <= self.left or self.bottom <= self.top:
            raise ToolRefused("Give a part with left < right and top < bottom.")
        region = Region((self.left, self.top, self.right, self.bottom), span)
        passages: list[Passage] = []
        inspected: list[Coverage] = []
        allows = context.state["plan"].allows
        if allows(SegmentKind.OBJECT) and work.parts.tracks is not None:
            passages += region_passages(video, work.parts.tracks.tracks(video.id, span), region)
        if allows(SegmentKind.SCREEN_TEXT):
            inspected += frames_covered(video, [span.middle_s], [span], "screen_text")
            around = span.padded(AROUND_S, video.duration_s)
            for frame in work.pictures.at(video, [span.middle_s], SIDE, region.box):
                text = "\n".join(line.text for line in work.parts.text_reader.read(frame))
                if text.strip():
                    passages.append(Passage(video.id, SegmentKind.SCREEN_TEXT, around, text, span.middle_s, region.box))
        left = work.budget.frames_left
        if allows(SegmentKind.VISUAL) and work.sees:
            passages += _look(context, video, region)
        has_looked = work.budget.frames_left < left
        if has_looked and context.state["region"]:  # else the answer may be in another part of the picture
            inspected.append(Coverage("pictures", video.id, span))
        action: Action = "look" if has_looked else "read_text"
        context.report_inspected(action, video, span, [span.middle_s], passages)
        head = f"The part of {context.name_of(video)} at {span_clock(span)}:"
        return Outcome((head, *passages, *(() if passages else ("Nothing is known of it.",))), tuple(inspected))


def _look(context: ToolContext, video: Video, region: Region) -> list[Passage]:
    """The part, with a margin, as the model that can see gets it or describes it; nothing where no frame is left."""
    span = region.span.padded(AROUND_S, video.duration_s) if region.span.duration_s < AROUND_S else region.span
    count = context.work.budget.take_frames(min(MOST_FRAMES, max(LEAST_FRAMES, round(span.duration_s))))
    left, top, right, bottom = region.box
    wide, high = MARGIN * (right - left), MARGIN * (bottom - top)
    box = (max(0.0, left - wide), max(0.0, top - high), min(1.0, right + wide), min(1.0, bottom + high))
    frames = context.work.pictures.at(video, evenly([span], count), SIDE, box)
    goal = f"{context.state['question'][:240]} (only a part of the picture is shown)"
    return see_frames(context.work, video, frames, [span], goal, box)


def zoom_call(state: AgentState) -> ToolCall | None:
    """The call that shows the part of the picture which a question is about; None for a question about no such part."""
    region = state["region"]
    if region is None:
        return None
    sides = zip(("left", "top", "right", "bottom"), region.box, strict=True)
    times = {"start_s": region.span.start_s, "end_s": region.span.end_s}
    return ToolCall("zoom", "zoom", Zoom.model_validate({"video": "V1", **times, **dict(sides)}).model_dump_json())
