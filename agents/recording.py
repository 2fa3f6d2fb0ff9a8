"""What every node of the graph does besides its work: it reports its events, and stores them with the spent budget.

A run that goes on after a crash reports its earlier events again, and counts on from what it had spent. What a library
raises that is none of our errors ends the run with what was found so far, never with a traceback.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.parts import AgentRun
from agents.state import AgentState
from app.core.errors import LongreelError
from app.core.events import EVENT, Delta, Event, Warned

logger = logging.getLogger(__name__)

Node = Callable[[AgentState, Runtime[AgentRun]], Any]
Value = TypeVar("Value")
LAST = "finish"
"""The node that makes the answer of what there is."""


def recorded(node: Node) -> Node:
    """The node, with its events and the spent budget in the state, so that a run that goes on can report them again."""

    @functools.wraps(node)
    def run(state: AgentState, runtime: Runtime[AgentRun]) -> Any:
        events: list[dict[str, Any]] = []

        def report(event: Event) -> None:
            if not isinstance(event, Delta):
                events.append(EVENT.dump_python(event, mode="json"))
            runtime.stream_writer(event)

        try:
            result = node(frozen(state), runtime.override(stream_writer=report))
        except (LongreelError, GraphBubbleUp):
            raise
        except Exception as error:
            if node.__name__ == LAST:
                raise
            logger.exception("The step %s failed", node.__name__)
            problem = f"A step failed unexpectedly ({type(error).__name__}); the log has the details."
            report(Warned(problem))
            result = Command(goto=LAST, update={"problems": (problem,)})
        extra = {"events": tuple(events), "spent": runtime.context.budget.usage}
        if isinstance(result, Command):
            return Command(goto=result.goto, update={**(cast(dict[str, Any], result.update) or {}), **extra})
        return {**result, **extra}

    return run


def frozen(value: Value) -> Value:
    """The same value with tuples where a file has made lists of them, at every depth."""
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)  # type: ignore[return-value]
    if isinstance(value, dict):
        return {name: frozen(item) for name, item in value.items()}  # type: ignore[return-value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: frozen(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **parts)
    return value
