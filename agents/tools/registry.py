"""The list of tools, and how one call of a model is carried out. A new tool is one file and one line here."""

from __future__ import annotations

import json
import logging

from langgraph.errors import GraphBubbleUp
from pydantic import ValidationError

from agents.llm import describe_fault
from agents.parts import AgentRun
from agents.tools import answer, apart, browse, detect, listen, look, read, scan, search, tally, zoom
from agents.tools.base import Outcome, Tool, ToolContext
from app.core.errors import LongreelError, ToolRefused, WorkerFailed
from app.core.types import ToolCall

logger = logging.getLogger(__name__)

TOOLS = (
    browse.TOOL,
    search.TOOL,
    read.TOOL,
    look.TOOL,
    scan.TOOL,
    listen.TOOL,
    detect.TOOL,
    zoom.TOOL,
    tally.TOOL,
    apart.TOOL,
    answer.TOOL,
)
ANSWER = answer.TOOL


def available_tools(work: AgentRun) -> list[Tool]:
    """The tools that this run's models and settings allow."""
    return [tool for tool in TOOLS if tool.is_available(work)]


def run_tool(call: ToolCall, context: ToolContext) -> Outcome:
    """The result of a call. Raises ToolRefused, in words for the model, and the errors of the parts."""
    tool = next((tool for tool in available_tools(context.work) if tool.name == call.name), None)
    if tool is None:
        names = ", ".join(tool.name for tool in available_tools(context.work))
        raise ToolRefused(f"There is no tool {call.name}. The tools are: {names}.")
    arguments = read_arguments(tool, call)
    try:
        return tool.run(arguments, context)
    except (LongreelError, GraphBubbleUp):
        raise
    except Exception as error:
        logger.exception("The tool %s failed", call.name)
        raise WorkerFailed(f"an unexpected {type(error).__name__}.", "The log has the details.") from error


def read_arguments(tool: Tool, call: ToolCall) -> object:
    """The checked arguments of a call. Raises ToolRefused that names the fault."""
    try:
        return tool.arguments.model_validate_json(call.arguments or "{}")
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
