"""Plan: how the question will be answered, by rules, and by the language model where rules find nothing to search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents import rules
from agents.modes import Mode, mode_of
from agents.prompts import prompt
from agents.state import AgentState, Anchor, Plan, Work
from agents.subjects import across
from agents.writing import write
from app.core.errors import Cancelled, LongreelError
from app.core.events import Planned
from app.core.types import Message

_SCHEMA = {
    "type": "object",
    "properties": {"search": {"type": "string", "maxLength": 80}},
    "required": ["search"],
    "additionalProperties": False,
}


def plan(state: AgentState, runtime: Runtime[Work]) -> Command[Literal["search", "act"]]:
    """Chooses question type, sources, stretch and search words, unless a plan was given; and who chooses the steps.

    A plan that a person has made is followed by rules.
    """
    mode = Mode("guided", "the plan was given") if state["given"] else mode_of(runtime.context.parts)
    made = state["given"] or across(_made(state, runtime.context), state["videos"], runtime.context)
    first = state["videos"][0] if state["videos"] else None
    window = made.scope.window(first.duration_s) if made.scope and first else None
    runtime.stream_writer(
        Planned(
            question_type=str(made.question_type),
            queries=made.queries,
            sources=tuple(str(kind) for kind in made.sources),
            window=window,
            time_words=made.scope.words
            if made.scope
            else (f"{made.anchor.side} {made.anchor.text}" if made.anchor else ""),
            by=made.by,
            mode=mode.name,
            mode_reason=mode.reason,
        )
    )
    update = {"plan": made, "passages": (), "tried": ()}
    if mode.name == "free":
        return Command(goto="act", update=update)
    return Command(goto="search", update=update)


def _made(state: AgentState, work: Work) -> Plan:
    return planned(state["question"], state.get("cited"), work, state["options"])


def planned(question: str, cited: Anchor | None, work: Work, options: Sequence[str] = ()) -> Plan:
    """The plan of a whole question; `cited` is the event from which it counts, when an earlier answer cited it."""
    made = rules.plan(question, cited, options)
    if made.queries or made.scope or made.anchor or made.question_type == "summary":
        return made
    return _reworded(made, work)


def _reworded(plan: Plan, work: Work) -> Plan:
    """Search words by the language model; the question itself when there is no model or it fails."""
    plain = replace(plan, queries=(plan.question,))
    messages = [Message("system", prompt("reword")), Message("user", plan.question)]
    try:
        text = write(work, messages, max_tokens=40, schema=_SCHEMA)
        answer: Any = json.loads(text or "{}")
        words = str(answer["search"]).strip()
    except Cancelled:
        raise
    except (LongreelError, ValueError, KeyError, TypeError):
        return plain
    return replace(plan, queries=(words,), by="model") if words else plain
