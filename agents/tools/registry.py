"""The list of tools, and how one call of a model is carried out. A new tool is one file and one line here."""

from __future__ import annotations

import json
import logging
from typing import TypeVar

from langgraph.errors import GraphBubbleUp
from pydantic import BaseModel, ValidationError

from agents.llm import describe_fault
from agents.parts import AgentRun
from agents.tools import apart, browse, detect, listen, look, read, scan, search, tally, zoom
from agents.tools.answer import ANSWER
from agents.tools.base import Outcome, Tool, ToolContext
from app.core.errors import LongreelError, ToolRefused, WorkerFailed
from app.core.types import ToolCall

logger = logging.getLogger(__name__)

TOOLS: tuple[type[Tool], ...] = (
    browse.Browse,
    search.Search,
    read.Read,
    look.Look,
    scan.Scan,
    listen.Listen,
    detect.Detect,
    zoom.Zoom,
    tally.Tally,
    apart.Apart,
)
Arguments = TypeVar("Arguments", bound=BaseModel)


def available_tools(work: AgentRun) -> dict[str, type[Tool]]:
    """The tools that this run's models allow, by name."""
    return {tool.spec().name: tool for tool in TOOLS if tool.is_available(work)}


def run_tool(call: ToolCall, context: ToolContext) -> Outcome:
    """The result of a call. Raises ToolRefused, in words for the model, and the errors of the parts."""
    tools = available_tools(context.work)
    if call.name not in tools:
        raise ToolRefused(f"There is no tool {call.name}. The tools are: {', '.join([*tools, ANSWER.name])}.")
    arguments = read_arguments(tools[call.name], call)
    try:
        return arguments.run(context)
    except (LongreelError, GraphBubbleUp):
        raise
    except Exception as error:
        logger.exception("The tool %s failed", call.name)
        raise WorkerFailed(f"an unexpected {type(error).__name__}.", "The log has the details.") from error


def read_arguments(kind: type[Arguments], call: ToolCall) -> Arguments:
    """The checked arguments of a call. Raises ToolRefused that names the fault."""
    try:
        return kind.model_validate_json(call.arguments or "{}")
    except ValidationError as error:
        raise ToolRefused(f"The call cannot be used: {describe_fault(error)}.") from error
    except RecursionError as error:
        raise ToolRefused("The call cannot be used: it is nested too deeply.") from error


def shown_arguments(call: ToolCall) -> str:
    """The arguments of a call as a trace shows them."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return call.arguments[:200]
    if not isinstance(arguments, dict):
        return str(arguments)[:200]
    return ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items())[:300]
