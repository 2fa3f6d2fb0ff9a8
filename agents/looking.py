"""Looks through a separate vision model, for chat models that do not accept pictures.

Frames go to it in short runs, so that what it says of a run has a short span: a citation never covers all that was
inspected. What it said is stored, so that later questions can search it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from agents.evidence import Passage
from agents.parts import AgentRun
from agents.state import Verdict3
from app.core.errors import ToolRefused
from app.core.runs import runs
from app.core.types import Frame, Segment, SegmentKind, TimeSpan, Video

RUN_FRAMES = 4
RUN_S = 12.0
"""A run of frames that is described together: at most so many, over at most so many seconds."""
NOTHING = "NOTHING"

_ASK = (
    "These are frames of a video, in order. {goal}\n"
    "Say in one or two short sentences only what you see in them that bears on this: things, people, colours, numbers, "
    "actions, readable text. Do not guess. If nothing in them bears on it, reply with the one word {nothing}."
)
_JUDGE = (
    "These are frames of a video, in order. Question: {question}\nAnswer under test: {claim}\n"
    "Do the frames show that this answer is right? Reply with one word: YES, NO or UNCLEAR."
)


def describe_frames(work: AgentRun, video: Video, shown: Sequence[tuple[Passage, Frame]], goal: str) -> list[Passage]:
    """What the vision model sees in the frames, run by run. Raises ToolRefused without a model, and what it raises."""
    model = work.parts.vision
    if model is None:
        raise ToolRefused("No model that can see is connected.")
    segments: list[Segment] = []
    ask = _ASK.format(goal=f"Look for: {goal}" if goal else "Describe what they show.", nothing=NOTHING)
    together = runs(shown, lambda run, one: len(run) < RUN_FRAMES and one[1].pts_s - run[0][1].pts_s <= RUN_S)
    for run in together:
        work.budget.check()
        description = work.budget.spend(model.look([frame for _, frame in run], ask, work.budget.is_over)).text.strip()
        if description and NOTHING not in description:
            span = TimeSpan(run[0][0].span.start_s, run[-1][0].span.end_s)
            middle = run[len(run) // 2][1].pts_s
            key = f"{video.id}|{span.start_s:.3f}|{span.end_s:.3f}|{model.model}|{goal}"
            id = "look-" + hashlib.sha256(key.encode()).hexdigest()[:24]
            about = goal or "everything"
            segments.append(Segment(id, video.id, SegmentKind.VISUAL, span, description, model.model, middle, about))
    return work.store(segments)


def judge_frames(work: AgentRun, frames: Sequence[Frame], question: str, claim: str) -> Verdict3:
    """What the vision model says of the frames; unclear where it says none of the three."""
    assert work.parts.vision is not None
    ask = _JUDGE.format(question=question, claim=claim)
    reply = work.budget.spend(work.parts.vision.look(frames, ask, work.budget.is_over)).text.upper()
    verdicts: tuple[Verdict3, ...] = ("yes", "unclear", "no")
    given = [one for one in verdicts if one.upper() in reply]
    return min(given, key=lambda one: reply.find(one.upper()), default="unclear")
