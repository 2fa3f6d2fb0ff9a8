"""see: what a vision model sees in the frames that fit the question, if the question needs pictures."""

from __future__ import annotations

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.evidence import Passage
from agents.llm import weigh
from agents.parts import AgentRun
from agents.prompts import examples, prompt
from agents.state import AgentState, Coverage
from agents.tools.base import SpanIn, ToolContext
from agents.tools.look import Look
from app.core.errors import LongreelError
from app.core.events import Searched
from app.core.types import Message, SegmentKind

LOOKED_AT, MOST_LOOKED_AT = 16, 2
"""Frames of a look, and videos that are looked at: those where the question was found best."""


def see(state: AgentState, runtime: Runtime[AgentRun]) -> Command[Literal["respond"]]:
    """Looks, unless words are enough; a look that fails adds only a problem."""
    question = state["question"]
    if can_words_tell(question, runtime.context):
        return Command(goto="respond")
    context = ToolContext(runtime.context, state, runtime.stream_writer)
    passages: list[Passage] = []
    inspected: list[Coverage] = []
    scores = {passage.video_id: passage.score for passage in sorted(state["evidence"], key=lambda one: one.score)}
    parts = [one for one in state["plan"].spans(state["videos"], SegmentKind.VISUAL) if one[0].media.video is not None]
    parts.sort(key=lambda one: -scores.get(one[0].id, -1.0))
    for video, span in parts[:MOST_LOOKED_AT]:
        where = SpanIn(start_s=span.start_s, end_s=span.end_s)
        with context.warn_on_error(f"Looking at {video.title} failed"):
            look = Look(video=context.name_of(video), spans=[where], goal=question[:300], frames=LOOKED_AT)
            outcome = look.run(context)
            passages += [part for part in outcome.parts if isinstance(part, Passage)]
            inspected += outcome.inspected
    if passages:
        runtime.stream_writer(Searched(question, tuple(passage.hit for passage in passages)))
    update = {"evidence": tuple(passages), "inspected": inspected, "problems": context.problems}
    return Command(goto="respond", update=update)


def can_words_tell(question: str, work: AgentRun) -> bool:
    """Whether the model takes a question for one that spoken or written words can answer; False where it cannot say."""
    messages = [Message("system", prompt("where")), *examples("where"), Message("user", question)]
    try:
        shares = weigh(work, messages, ("words", "pictures"))
    except LongreelError:
        work.budget.check()
        return False
    return shares is not None and shares["words"] > shares["pictures"]
