"""Tool calls in plain text, for models and servers without native ones: the instructions and the parsing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.core.types import Message, ToolCall, ToolSpec
from gpu_workers.language.replies import json_value, visible

_TAGGED = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.S)
_TASK = (
    'To use tools, reply with JSON only: {"calls": [{"name": "a tool", "arguments": {...}}]}. '
    "Calls that do not depend on each other can go together. "
    'When you need no tool, reply {"calls": [], "text": "your reply"}.'
)


def manual(tools: Sequence[ToolSpec]) -> str:
    """The instructions that describe the tools to a model."""
    entries = [
        f"## {tool.name}\n{tool.description}\n"
        f"Arguments as JSON schema: {json.dumps(dict(tool.parameters), ensure_ascii=False)}"
        for tool in tools
    ]
    return "\n\n".join(["You can use these tools:", *entries, _TASK])


def described(tool: ToolSpec) -> dict[str, Any]:
    """A tool in the format of native tool calling."""
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def calls_schema(tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """The JSON schema of a reply that calls tools."""
    calls = [
        {
            "type": "object",
            "properties": {"name": {"const": tool.name}, "arguments": dict(tool.parameters)},
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in tools
    ]
    return {
        "type": "object",
        "properties": {"calls": {"type": "array", "items": {"anyOf": calls}}, "text": {"type": "string"}},
        "required": ["calls"],
        "additionalProperties": False,
    }


def as_text(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> list[Message]:
    """A conversation without native calls: the manual in the system message, calls as JSON, results as user text."""
    plain: list[Message] = []
    names: dict[str, str] = {}
    for message in messages:
        if message.role == "tool":
            name = names.get(message.call_id, "the tool")
            message = Message("user", (f"Result of {name} ({message.call_id}):", *message.parts))
        elif message.calls:
            names |= {call.id: call.name for call in message.calls}
            calls = [{"name": call.name, "arguments": loaded(call.arguments)} for call in message.calls]
            text = {"text": message.text} if message.text else {}
            message = Message("assistant", json.dumps({"calls": calls} | text, ensure_ascii=False))
        if message.role == "user" and plain and plain[-1].role == "user":
            plain[-1] = Message("user", (*plain[-1].parts, *message.parts))
        else:
            plain.append(message)
    return with_system(plain, manual(tools)) if tools else plain


def with_system(messages: Sequence[Message], text: str) -> list[Message]:
    """The messages with a text appended to the system message."""
    if messages and messages[0].role == "system":
        return [replace(messages[0], content=f"{messages[0].text}\n\n{text}"), *messages[1:]]
    return [Message("system", text), *messages]


def read_calls(text: str, tools: Sequence[ToolSpec], earlier: Sequence[Message]) -> tuple[str, tuple[ToolCall, ...]]:
    """The visible text and the calls of a reply: `<tool_call>` blocks, or JSON that calls tools."""
    clean = visible(text)
    if tagged := _TAGGED.findall(clean):
        return _TAGGED.sub("", clean).strip(), _calls([_value(block) for block in tagged], earlier)
    value = _value(clean) if clean.startswith(("{", "[")) else None
    if isinstance(value, Mapping) and isinstance(value.get("calls"), list):
        words = value.get("text")
        return (words if isinstance(words, str) else ""), _calls(value["calls"], earlier)
    if value is None and '"calls"' in clean:
        return "", ()  # calls that were cut off or malformed: nothing to show
    names = {tool.name for tool in tools}
    items = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Mapping)]
    calls = _calls([item for item in items if item.get("name") in names], earlier)
    return ("" if calls else clean), calls


def loaded(arguments: str) -> Any:
    """The arguments of a call, parsed as JSON if possible, else as text."""
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def _value(text: str) -> Any:
    try:
        return json_value(text)
    except ValueError:
        return None


def _calls(items: Sequence[Any], earlier: Sequence[Message]) -> tuple[ToolCall, ...]:
    named = [item for item in items if isinstance(item, Mapping) and isinstance(item.get("name"), str)]
    first = 1 + sum(len(message.calls) for message in earlier)
    calls = []
    for number, item in enumerate(named, first):
        value = item.get("arguments", item.get("parameters"))
        arguments = value if isinstance(value, str) else json.dumps({} if value is None else value, ensure_ascii=False)
        calls.append(ToolCall(f"call_{number}", item["name"], arguments))
    return tuple(calls)
