"""What a chat model takes and returns: messages of text and pictures, tools, calls, completions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.types.media import Frame

Part = str | Frame
"""A part of a message: text, or a picture."""
Role = Literal["system", "user", "assistant", "tool"]
Finish = Literal["stop", "length", "calls", "stopped"]
_BYTES_A_TOKEN = 3


def text_tokens(text: str) -> int:
    """How many tokens a text takes, roughly: English has four letters a token, Chinese three bytes."""
    return len(text.encode(errors="replace")) // _BYTES_A_TOKEN + 1


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as described to a model. `parameters`: the JSON schema of its arguments, an object without `$ref`."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's call of a tool. `arguments` is the JSON that it wrote, unchecked."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One message of a conversation with a model."""

    role: Role
    content: str | tuple[Part, ...]
    calls: tuple[ToolCall, ...] = ()
    """The tools that an assistant's message calls."""
    call_id: str = ""
    """The call that a tool's message replies to."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The content as parts."""
        return (self.content,) if isinstance(self.content, str) else self.content

    @property
    def text(self) -> str:
        """The text parts, joined by line breaks."""
        return "\n".join(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a chat model can do, according to its server or its files."""

    images: bool = False
    tools: bool = False
    """Whether it calls tools natively; if not, the adapter asks for calls as JSON in the text."""
    schema: bool = False
    """Whether its text can be constrained to a JSON schema; if not, the adapter asks in words, parses and retries."""
    context: int = 8192
    """Tokens of prompt and answer together."""
    weighs: bool = False
    """Whether `weigh` returns the probabilities of first tokens."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, without its thinking and without code fences, and its size in tokens."""

    text: str
    prompt_tokens: int = 0
    output_tokens: int = 0
    calls: tuple[ToolCall, ...] = field(default=())
    finish: Finish = "stop"
    """Why it ended; `length` means that the limit cut it off."""
