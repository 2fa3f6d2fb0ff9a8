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
from app.core.events import Searched
from app.core.types import Message

LOOKED_AT, MOST_LOOKED_AT = 16, 2
"""Frames of a look, and videos that are looked at."""


def see(state: AgentState, runtime: Runtime[AgentRun]) -> Command[Literal["respond"]]:
    """Looks, unless words are enough; a look that fails adds nothing."""
    question = state["question"]
    if can_words_tell(question, runtime.context):
        return Command(goto="respond")
    context = ToolContext(runtime.context, state, runtime.stream_writer)
    passages: list[Passage] = []
    inspected: list[Coverage] = []
    for name, video in list(context.videos.items())[:MOST_LOOKED_AT]:
        span = state["plan"].span(video)
        if video.media.video is None or span is None:
            continue
        where = SpanIn(start_s=span.start_s, end_s=span.end_s)
        with context.warn_on_error(f"Looking at {video.title} failed"):
            outcome = Look(video=name, spans=[where], goal=question[:300], frames=LOOKED_AT).run(context)
            passages += [part for part in outcome.parts if isinstance(part, Passage)]
            inspected += outcome.inspected
    if passages:
        runtime.stream_writer(Searched(question, tuple(passage.hit for passage in passages)))
    return Command(goto="respond", update={"evidence": tuple(passages), "inspected": inspected})


def can_words_tell(question: str, work: AgentRun) -> bool:
    """Whether the model takes a question for one that spoken or written words can answer; False where it cannot say."""
    messages = [Message("system", prompt("where")), *examples("where"), Message("user", question)]
    shares = weigh(work, messages, ("words", "pictures"))
    return shares is not None and shares["words"] > shares["pictures"]
