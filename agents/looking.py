"""Frames as evidence. For chat models that do not accept pictures a separate vision model describes them.

They go to it in short runs, so that what it says of a run has a short span: a citation never covers all that was
inspected. What it said is stored, so that later questions can search it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

from agents.evidence import Passage
from agents.parts import AgentRun
from agents.state import Verdict3
from app.core.runs import runs
from app.core.types import Frame, Segment, SegmentKind, TimeSpan, Video
from app.core.types.boxes import Box

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
    "These are frames of a video, in order. Question: {question}\nAnswer under test: {claim}\n{beside}"
    "Does this show that the answer is right? Reply with one word: YES, NO or UNCLEAR."
)


def see_frames(
    work: AgentRun, video: Video, frames: Sequence[Frame], spans: Sequence[TimeSpan], goal: str, box: Box | None = None
) -> list[Passage]:
    """Frames, or the same part of each, as evidence: themselves for a chat model that sees, else what the vision model
    sees in them, run by run."""
    shown = frame_passages(video, frames, spans, box)
    if work.chat_sees:
        return shown
    model, segments = work.parts.vision, []
    assert model is not None
    ask = _ASK.format(goal=f"Look for: {goal}" if goal else "Describe what they show.", nothing=NOTHING)
    together = runs(
        zip(shown, frames, strict=True),
        lambda run, one: len(run) < RUN_FRAMES and one[1].pts_s - run[0][1].pts_s <= RUN_S,
    )
    for run in together:
        work.budget.check()
        description = work.budget.spend(model.look([frame for _, frame in run], ask, work.budget.is_over)).text.strip()
        if description.strip(" .!*\"'“”").casefold() not in ("", NOTHING.casefold()):
            span = TimeSpan(run[0][0].span.start_s, run[-1][0].span.end_s)
            middle = run[len(run) // 2][1].pts_s
            key = f"{video.id}|{span.start_s:.3f}|{span.end_s:.3f}|{model.model}|{goal}|{box}"
            id = "look-" + hashlib.sha256(key.encode()).hexdigest()[:24]
            about = goal or "everything"
            segments.append(Segment(id, video.id, SegmentKind.VISUAL, span, description, model.model, middle, about))
    return [replace(passage, box=box) for passage in work.store(segments)]


def frame_passages(video: Video, frames: Sequence[Frame], spans: Sequence[TimeSpan], box: Box | None) -> list[Passage]:
    """Frames, or the same part of each, as evidence.

    Each stands for the time from half way to the frame before it to half way to the next, at most a second to either
    side and within its span.
    """
    passages = []
    times = [frame.pts_s for frame in frames]
    for at, time_s in enumerate(times):
        start = max(time_s - 1.0, (times[at - 1] + time_s) / 2 if at else 0.0, 0.0)
        end = min(time_s + 1.0, (times[at + 1] + time_s) / 2 if at + 1 < len(times) else time_s + 1.0)
        inside = TimeSpan(min(start, time_s), max(end, time_s))
        home = next((span for span in spans if span.contains(time_s)), None)
        clipped = inside.clipped(home) if home else None
        passages.append(Passage(video.id, SegmentKind.VISUAL, clipped or inside, "", time_s, box))
    return passages


def judge_frames(work: AgentRun, frames: Sequence[Frame], question: str, claim: str, words: str) -> Verdict3:
    """What the vision model says of the frames, with the words cited beside them: the verdict that it begins with, or
    the only one that it names; otherwise unclear."""
    assert work.parts.vision is not None
    ask = _JUDGE.format(question=question, claim=claim, beside=f"Said or written beside them:\n{words}\n" * bool(words))
    reply = work.budget.spend(work.parts.vision.look(frames, ask, work.budget.is_over)).text.casefold()
    verdicts: tuple[Verdict3, ...] = ("yes", "unclear", "no")
    tokens = re.findall(r"\w+", reply)
    named = [one for one in verdicts if one in tokens]
    first = [one for one in named if one == tokens[0]]
    return first[0] if first else named[0] if len(named) == 1 else "unclear"
