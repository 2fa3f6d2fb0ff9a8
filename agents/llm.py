"""Asks a chat model for JSON: by schema, checked, with one more try that names the fault."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from agents.parts import AgentRun
from app.core.errors import WorkerFailed
from app.core.types import Message

Reply = TypeVar("Reply", bound=BaseModel)


def ask_json(work: AgentRun, messages: Sequence[Message], kind: type[Reply], *, max_output: int = 600) -> Reply:
    """What the model replies, as `kind`. Raises WorkerFailed when it gives nothing of that form, Cancelled."""
    chat, budget, schema = work.parts.chat, work.budget, plain_schema(kind)
    assert chat is not None
    conversation = list(messages)
    fault = ""
    for _ in range(2):
        done = budget.spend(chat.chat(conversation, max_output=max_output, schema=schema, stop=budget.is_over))
        try:
            return kind.model_validate_json(done.text)
        except ValidationError as error:
            fault = describe_fault(error)
            plea = f"That cannot be used: {fault}. Reply again."
            conversation += [Message("assistant", done.text), Message("user", plea)]
    raise WorkerFailed(f"{chat.model} did not give a readable answer: {fault}.", "Ask again.")


def weigh(work: AgentRun, messages: Sequence[Message], words: Sequence[str]) -> Mapping[str, float] | None:
    """How likely the model's reply begins with each of these words; None where it gives no probabilities."""
    chat = work.parts.chat
    if chat is None or not chat.capabilities.weighs:
        return None
    shares, completion = chat.weigh(messages, words, work.budget.is_over)
    work.budget.spend(completion)
    return shares


def describe_fault(error: ValidationError) -> str:
    """The first fault of a reply, in words for a model."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


@functools.cache
def plain_schema(kind: type[BaseModel]) -> Mapping[str, Any]:
    """The JSON schema of a model class without titles, references and defaults, which not every server understands."""
    whole = kind.model_json_schema()
    plain: Mapping[str, Any] = _resolved(whole, whole.get("$defs", {}))
    return plain


def _resolved(part: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_resolved(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _resolved(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {
        name: _resolved(value, definitions)
        for name, value in part.items()
        if name not in ("$defs", "default") and not (name == "title" and isinstance(value, str))
    }
