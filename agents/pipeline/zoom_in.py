"""zoom_in: what is in the part of the picture that a question is about, and what code can answer about it."""

from __future__ import annotations

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.evidence import Passage
from agents.evidence.regions import answer_about_region
from agents.parts import AgentRun
from agents.state import AgentState, Claim, DraftAnswer
from agents.tools.base import Outcome, ToolContext
from agents.tools.registry import run_tool
from agents.tools.zoom import zoom_call
from app.core.events import Searched
from app.core.types import SegmentKind


def zoom_in(state: AgentState, runtime: Runtime[AgentRun]) -> Command[Literal["respond", "judge"]]:
    """Shows the part; where only things are known of it, the answer is theirs or stays open."""
    region, call = state["region"], zoom_call(state)
    assert region is not None and call is not None
    work, question, shown = runtime.context, state["question"], Outcome(())
    context = ToolContext(work, state, runtime.stream_writer)
    with context.warn_on_error("The part of the picture could not be read"):
        shown = run_tool(call, context)
    passages = tuple(part for part in shown.parts if isinstance(part, Passage))
    runtime.stream_writer(Searched(question, tuple(passage.hit for passage in passages)))
    update = {"evidence": passages, "inspected": shown.inspected, "problems": context.problems}
    counted = None if state["options"] else answer_about_region(work, question, state["videos"][0], region, passages)
    if counted is not None:
        claim = Claim(counted.text, counted.passages, by_code=True)
        return Command(goto="judge", update={**update, "draft": DraftAnswer((claim,), "yes")})
    if all(passage.kind is SegmentKind.OBJECT for passage in passages):
        lines = "; ".join(passage.text for passage in passages) or "nothing"
        draft = DraftAnswer((), "no", could_be_in=("pictures",))
        known = f"All that is known of this part: {lines}"
        return Command(goto="judge", update={**update, "draft": draft, "problems": (*context.problems, known)})
    return Command(goto="respond", update=update)
