"""see: what a vision model sees in the frames that fit the question, if the question needs pictures."""

from __future__ import annotations

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.evidence import Passage
from agents.llm import weigh
from agents.parts import AgentRun
from agents.prompts import examples, prompt
from agents.state import AgentState
from agents.tools.base import SpanIn, ToolContext
from agents.tools.look import Look
from app.core.errors import LongreelError
from app.core.events import Searched
from app.core.types import Message, SegmentKind

LOOKED_AT, MOST_LOOKED_AT = 16, 2
"""Frames of a look, and videos that are looked at: those where the question was found best."""


def see(state: AgentState, runtime: Runtime[AgentRun]) -> Command[Literal["respond"]]:
    """Looks, unless the model takes words to be enough; a look that fails adds only a problem."""
    work, question = runtime.context, state["question"]
    messages = [Message("system", prompt("where")), *examples("where"), Message("user", question)]
    try:
        shares = weigh(work, messages, ("words", "pictures"))
    except LongreelError:
        work.budget.check()
        shares = None
    if shares is not None and shares["words"] > shares["pictures"]:
        return Command(goto="respond")
    context, outcomes = ToolContext(work, state, runtime.stream_writer), []
    scores = {passage.video_id: passage.score for passage in sorted(state["evidence"], key=lambda one: one.score)}
    parts = [one for one in state["plan"].spans(state["videos"], SegmentKind.VISUAL) if one[0].media.video is not None]
    parts.sort(key=lambda one: -scores.get(one[0].id, -1.0))
    for video, span in parts[:MOST_LOOKED_AT]:
        where = SpanIn(start_s=span.start_s, end_s=span.end_s)
        with context.warn_on_error(f"Looking at {video.title} failed"):
            look = Look(video=context.name_of(video), spans=[where], goal=question[:300], frames=LOOKED_AT)
            outcomes.append(look.run(context))
    passages = [part for one in outcomes for part in one.parts if isinstance(part, Passage)]
    inspected = [where for one in outcomes for where in one.inspected]
    if passages:
        runtime.stream_writer(Searched(question, tuple(passage.hit for passage in passages)))
    update = {"evidence": passages, "inspected": inspected, "problems": context.problems}
    return Command(goto="respond", update=update)
