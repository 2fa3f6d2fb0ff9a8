"""Assembles a chat completion from what a server sends, streamed or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.paths import readable
from app.core.types import ToolCall
from gpu_workers.language.replies import VisibleText, ends_unopened_thought, visible


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Listening:
    """How to follow a reply while it is written."""

    on_text: Callable[[str], None] | None = None
    most: int = 0
    """Cut the reply after this many visible pieces, each at least one token; 0 means no limit."""
    tools: bool = False


class ServerReply:
    """One reply as it arrives."""

    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self._shown = VisibleText(tools=listening.tools)
        self._pieces: list[str] = []
        self._visible_pieces = 0
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self.choices = 0
        self.ended = ""
        """The server's finish reason."""
        self.refusal = ""
        self.likeliest: list[dict[str, Any]] = []
        """The likeliest first tokens with their log-probabilities, if requested."""
        self.prompt_tokens = 0
        self.output_tokens = 0
        self.was_heard = False
        """Whether the listener has received any text yet."""

    @property
    def raw(self) -> str:
        """All text, with thinking and fences."""
        return "".join(self._pieces)

    @property
    def text(self) -> str:
        """The visible text."""
        return readable(visible(self.raw))

    @property
    def thinks_unopened(self) -> bool:
        """Whether it closes a thinking block that it never opened."""
        return ends_unopened_thought(self.raw)

    @property
    def pieces(self) -> int:
        """The number of text pieces: about one per token if the server streams."""
        return len(self._pieces)

    def take(self, chunk: Mapping[str, Any]) -> bool:
        """Adds a chunk from the server; returns True when the reply is long enough."""
        usage = chunk.get("usage") or {}
        self.prompt_tokens = int(usage.get("prompt_tokens") or self.prompt_tokens)
        self.output_tokens = int(usage.get("completion_tokens") or self.output_tokens)
        for choice in (chunk.get("choices") or ())[:1]:
            self.choices += 1
            self.ended = choice.get("finish_reason") or self.ended
            tokens = (choice.get("logprobs") or {}).get("content") or ()
            if tokens and not self.likeliest:
                self.likeliest = list(tokens[0].get("top_logprobs") or ())
            message = choice.get("delta") or choice.get("message") or {}
            self.refusal += message.get("refusal") or ""
            for call in message.get("tool_calls") or ():
                self._add_call(call)
            if text := _text_of(message.get("content")):
                self._pieces.append(text)
                shown = self._shown.feed(text)
                self._visible_pieces += bool(shown)
                if shown and self._listening.on_text is not None:
                    self._listening.on_text(shown)
                    self.was_heard = True
            if self._listening.most and self._visible_pieces >= self._listening.most:
                self.ended = "length"
                return True
        return False

    def calls(self, taken: Sequence[str]) -> tuple[ToolCall, ...]:
        """The native calls; a call without its own id gets one. `taken`: ids of earlier calls."""
        used = set(taken)
        calls = []
        for call in self._calls:
            number = len(used) + 1
            name = call.id if call.id and call.id not in used else f"call_{number}"
            used.add(name)
            calls.append(ToolCall(name, call.name, call.arguments or "{}"))
        return tuple(calls)

    def cut(self, most: int) -> None:
        """Cuts to at most this many pieces, unless some of them are thinking or a fence."""
        if len(self._pieces) > most and self.text == self.raw.strip():
            self._pieces = self._pieces[:most]
            self.ended = "length"

    def send_rest(self, text: str) -> None:
        """Passes the rest of the final text to the listener."""
        if self._listening.on_text is not None and (rest := self._shown.finish(text)):
            self._listening.on_text(rest)

    def _add_call(self, delta: Mapping[str, Any]) -> None:
        function = delta.get("function") or {}
        name, arguments = function.get("name") or "", function.get("arguments")
        index = int(delta.get("index") or 0) if "index" in delta else len(self._calls)
        call = self._by_index.get(index)
        # Some servers number every call of a reply 0: a name after complete arguments starts another call.
        is_other = call is not None and bool(delta.get("id")) and delta.get("id") != call.id
        if call is None or (name and call.name and (is_other or _is_json(call.arguments))):
            call = self._by_index[index] = _Call()
            self._calls.append(call)
        call.id = call.id or str(delta.get("id") or "")
        call.name = call.name or name
        if arguments is not None:
            call.arguments += arguments if isinstance(arguments, str) else json.dumps(arguments)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _text_of(content: Any) -> str:
    """The text of a message content: a string, or a list of parts, some of which are thinking."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping)]
        return "".join(str(part.get("text") or "") for part in parts if part.get("type") in ("text", "output_text"))
    return content if isinstance(content, str) else ""
