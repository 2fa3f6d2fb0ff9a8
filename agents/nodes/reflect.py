"""Reflect: is the evidence enough? Decided by measured signals, not by a model's opinion of itself."""

from __future__ import annotations

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.nodes.inspect import can_inspect, hears_unsure
from agents.state import SELF_EVIDENT, AgentState, QuestionType, Work
from agents.wanted import premise_stems
from agents.wording import coverage, joined
from app.core.events import Reflected
from app.core.types import SegmentKind

ENOUGH = 0.6
"""A best passage that fits this well ends the search."""


def reflect(state: AgentState, runtime: Runtime[Work]) -> Command[Literal["search", "inspect", "answer"]]:
    """Goes on to the answer when a passage fits or nothing is left to try within the budget."""
    work = runtime.context
    confidence, missing = signals(state)
    enough = confidence >= ENOUGH and not _must_look(state, work)
    step = "answer" if enough or not work.budget.has_step else _next_step(state, work)
    runtime.stream_writer(Reflected(enough, round(confidence, 3), missing))
    update = {"sufficient": enough, "confidence": confidence}
    if step == "search":
        return Command(goto="search", update=update)
    if step == "inspect":
        return Command(goto="inspect", update=update)
    return Command(goto="answer", update=update)


def signals(state: AgentState) -> tuple[float, str]:
    """How well the best passages fit, 0 to 1, and what they lack in words."""
    passages, plan = state["passages"], state["plan"]
    if not passages:
        return 0.0, "nothing was found"
    if plan.reads_all or plan.question_type in SELF_EVIDENT:
        return 0.8, ""
    if plan.question_type is QuestionType.CAUSE:
        told = all(one.passage for one in state.get("located", ()))
        return (0.8, "") if told else (min(passages[0].score, 0.5), "no reason for it")
    if plan.value and any(plan.value in p.text for p in passages):
        return 0.9, ""
    known = " ".join(p.text for p in passages[:5])
    absent = [stem for stem in premise_stems(plan.question) if coverage([stem], known) == 0.0]
    return passages[0].score, f"nothing about {joined(absent)}" if absent else ""


def _must_look(state: AgentState, work: Work) -> bool:
    """The text at a named moment is read in the frame of that moment; unsure speech is heard again."""
    plan = state["plan"]
    if state.get("places") and "inspect" not in state["tried"]:
        return can_inspect(state, work)
    at_moment = plan.scope is not None and plan.scope.at is not None and SegmentKind.SCREEN_TEXT in plan.sources
    return (at_moment or hears_unsure(state)) and "inspect" not in state["tried"] and can_inspect(state, work)


def _next_step(state: AgentState, work: Work) -> str:
    tried = state["tried"]
    if state["plan"].question_type is QuestionType.CAUSE:
        return "search" if not state["passages"] and "keywords" not in tried else "answer"
    if "inspect" not in tried and _must_look(state, work):
        return "inspect"
    if "keywords" not in tried and not state["plan"].reads_all:
        return "search"
    if "inspect" not in tried and can_inspect(state, work):
        return "inspect"
    if "everywhere" not in tried and state["plan"].sources and not state["plan"].strict:
        return "search"
    return "answer"
