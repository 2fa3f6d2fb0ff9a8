"""Adapts requests to a server: what it refused once is not sent again."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from app.core.types import Frame, Message, ToolSpec
from gpu_workers.language.text_calls import described, with_system

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BOUNDS = ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern")
"""Keywords that some vendors refuse in a schema; without them, only the token limit bounds an answer."""
_NOT_KNOWN = r"not support|n't support|unsupported|unrecogni[sz]ed|unknown|not permitted|not allowed|unexpected|extra"
_BAD_SCHEMA = re.compile(r"invalid (?:json )?schema|parse grammar|failed to parse", re.I)
_TOO_LONG = re.compile(
    r"context[ _](?:length|size|window)|exceed_context|too long|too large to process|too many (?:input )?tokens"
    r"|prompt is longer",
    re.I,
)
_TOO_MUCH_OUTPUT = re.compile(
    r"max_(?:completion_)?tokens[^.]*(?:too large|at most|greater|exceed|must be less|<=)", re.I
)
_PICTURES = re.compile(r"image|vision|picture|multi-?modal|mmproj|content.*(?:must be|should be).*str", re.I | re.S)

Form = Literal["json_schema", "json_object", "words"]


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """A request to a model. `tools` are native ones."""

    messages: tuple[Message, ...]
    max_output: int
    tools: tuple[ToolSpec, ...] = ()
    schema: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_pictures(self) -> bool:
        """Whether the request contains pictures."""
        return any(isinstance(part, Frame) for message in self.messages for part in message.parts)


def is_too_long(refusal: str) -> bool:
    """Whether a refusal says that prompt and answer do not fit the model."""
    return bool(_TOO_LONG.search(refusal) or _TOO_MUCH_OUTPUT.search(refusal))


def is_about_pictures(refusal: str) -> bool:
    """Whether a refusal is about pictures in the prompt."""
    return bool(_PICTURES.search(refusal))


class Dialect:
    """The request format that one server accepts for one model. Starts with the common one, learns from refusals."""

    def __init__(self) -> None:
        self.limit = "max_tokens"
        self.form: Form = "json_schema"
        self.thinks_unopened: bool | None = None
        """Whether replies close a thinking block that they never opened; None until one reply is complete."""
        self._temperature = True
        self._usage = True
        self._bounds = True
        self._system = True
        self._unbounded: set[str] = set()
        """Schemas that are only accepted without their limits."""
        self._bad_schemas: set[str] = set()

    def form_for(self, schema: Mapping[str, Any]) -> Form:
        """How to bind replies to a schema."""
        if self.form == "json_schema" and _key(schema) in self._bad_schemas:
            return "words"
        return self.form

    def body(self, ask: Ask, budget: int) -> dict[str, Any]:
        """A request with at most `budget` tokens of output."""
        messages = list(ask.messages)
        body: dict[str, Any] = {"stream": True, self.limit: budget, **ask.extra}
        if self._usage:
            body["stream_options"] = {"include_usage": True}
        if self._temperature:
            body["temperature"] = 0
        if ask.tools:
            body["tools"] = [described(tool) for tool in ask.tools]
        if ask.schema is not None:
            form = self.form_for(ask.schema)
            if form == "json_schema":
                is_bounded = self._bounds and _key(ask.schema) not in self._unbounded
                schema = ask.schema if is_bounded else without_bounds(ask.schema)
                named = {"name": "answer", "schema": dict(schema), "strict": _is_strict(schema)}
                body["response_format"] = {"type": "json_schema", "json_schema": named}
            else:
                messages = with_system(messages, in_words(ask.schema))
            if form == "json_object":
                body["response_format"] = {"type": "json_object"}
        if not self._system:
            # The system message goes to the front of the first user message.
            system = "\n\n".join(message.text for message in messages if message.role == "system")
            messages = [message for message in messages if message.role != "system"]
            if messages and messages[0].role == "user":
                messages[0] = Message("user", (f"{system}\n", *messages[0].parts))
            else:
                messages.insert(0, Message("user", system))
        body["messages"] = turns(messages)
        return body

    def learn(self, refusal: str, ask: Ask, body: Mapping[str, Any]) -> bool:
        """Learns from a refusal; returns whether to retry in the new format."""
        text = refusal.lower()
        unknown = re.search(_NOT_KNOWN, text) is not None
        if self.limit in body and self.limit in text and (unknown or "max_completion_tokens" in text):
            is_new = self.limit == "max_tokens"
            self.limit = "max_completion_tokens"
            return is_new
        if "response_format" in body and ask.schema is not None:
            bounds = [bound.lower() for bound in BOUNDS]
            if any(word in text for word in ("response_format", "schema", "json_object", "grammar", *bounds)):
                if body["response_format"]["type"] == "json_object":
                    self.form = "words"
                elif self._bounds and any(bound in text for bound in bounds):
                    self._bounds = False
                elif _BAD_SCHEMA.search(text):
                    key = _key(ask.schema)
                    # llama.cpp, and so Ollama, cannot bind a reply to many limits, and does not say that it is these.
                    limits = self._bounds and key not in self._unbounded and without_bounds(ask.schema) != ask.schema
                    (self._unbounded if limits else self._bad_schemas).add(key)
                else:
                    self.form = "json_object"
                return True
        for word, name in (("temperature", "_temperature"), ("stream_options", "_usage")):
            if word in text and word in body:
                setattr(self, name, False)
                return True
        if self._system and "system" in text and "role" in text and any(m.role == "system" for m in ask.messages):
            self._system = False
            return True
        return False


PICTURES_FOLLOW = "The result follows in the next message, with its pictures."


def turns(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages in the protocol's format. A tool's pictures follow in a user message, where servers accept them."""
    written: list[dict[str, Any]] = []
    shown: list[str | Frame] = []
    for message in messages:
        if message.role != "tool" and shown:
            written.append({"role": "user", "content": _parts(shown)})
            shown = []
        if message.role == "tool":
            pictures = any(isinstance(part, Frame) for part in message.parts)
            text = PICTURES_FOLLOW if pictures else message.text or "Nothing."
            written.append({"role": "tool", "tool_call_id": message.call_id, "content": text})
            shown += [f"The result of {message.call_id}:", *message.parts] if pictures else []
            continue
        turn: dict[str, Any] = {"role": message.role, "content": _parts(message.parts)}
        if message.calls:
            turn["content"] = message.text
            turn["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in message.calls
            ]
        written.append(turn)
    return [*written, {"role": "user", "content": _parts(shown)}] if shown else written


def in_words(schema: Mapping[str, Any]) -> str:
    """The instruction for a model whose server cannot bind replies to a schema."""
    return (
        "Reply with JSON only, without any other words. It must fit this JSON schema:\n"
        f"{json.dumps(dict(schema), ensure_ascii=False)}"
    )


def without_bounds(part: Any) -> Any:
    """A JSON schema without length limits, at every depth."""
    if isinstance(part, list):
        return [without_bounds(item) for item in part]
    if not isinstance(part, Mapping):
        return part
    return {
        name: {key: without_bounds(one) for key, one in value.items()}
        if name == "properties"
        else without_bounds(value)
        for name, value in part.items()
        if name not in BOUNDS
    }


def _parts(parts: Sequence[str | Frame]) -> str | list[dict[str, Any]]:
    if not any(isinstance(part, Frame) for part in parts):
        return "\n".join(str(part) for part in parts)
    return [
        {"type": "text", "text": part}
        if isinstance(part, str)
        else {"type": "image_url", "image_url": {"url": data_url(part.image)}}
        for part in parts
    ]


def data_url(image: NDArray[np.uint8]) -> str:
    """A picture as a JPEG data URL."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _is_strict(part: Any) -> bool:
    """Whether every object requires all its members and allows no others, as strict mode demands."""
    if isinstance(part, list):
        return all(map(_is_strict, part))
    if not isinstance(part, Mapping):
        return True
    members = part.get("properties")
    if part.get("type") == "object" or isinstance(members, Mapping):
        members = members or {}
        if part.get("additionalProperties") is not False or set(part.get("required", ())) != set(members):
            return False
    return all(_is_strict(value) for value in part.values())


def _key(schema: Mapping[str, Any]) -> str:
    return json.dumps(dict(schema), sort_keys=True)
