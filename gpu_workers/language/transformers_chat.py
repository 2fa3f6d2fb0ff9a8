"""The base of chat models on transformers: chat templates, tools, schemas, and weighing."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from app.core.errors import ToolRefused
from app.core.types import Capabilities, Completion, Frame, Message, ToolSpec
from gpu_workers.language import text_calls
from gpu_workers.language import transformers_writing as writing
from gpu_workers.language.replies import VisibleText, raise_if_stopped, shares, visible
from gpu_workers.torch_worker import TorchWorker

LARGEST_CONTEXT = 32_768
"""The most tokens of prompt and answer together, even if the model was trained on more: the cache must fit too."""
LIKELIEST = 64
"""How many of the likeliest first tokens `weigh` considers."""


class LoadedChat(Protocol):
    """A loaded model with its tokenizer and chat template."""

    @property
    def model(self) -> Any:
        """The network."""
        ...

    @property
    def tokenizer(self) -> Any:
        """The text tokenizer."""
        ...

    @property
    def template(self) -> str:
        """The chat template."""
        ...

    @property
    def sees(self) -> bool:
        """Whether messages may contain pictures."""
        ...

    def content(self, message: Message) -> str | list[dict[str, str]]:
        """What a message holds, in the format of the template."""
        ...


AChat = TypeVar("AChat", bound=LoadedChat)


class TransformersChat(TorchWorker[AChat]):
    """Greedy chat completions, one at a time; JSON by constrained decoding."""

    QUANTISED = True

    @functools.cached_property
    def capabilities(self) -> Capabilities:
        """Read from the loaded model's files."""
        with self._use() as loaded:
            tools = "tools" in loaded.template
            return Capabilities(loaded.sees, tools, schema=True, context=_context(loaded), weighs=True)

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        tools: Sequence[ToolSpec] = (),
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """See `Chat`. Tools use the chat template if it supports them, else a schema."""
        native = bool(tools) and self.capabilities.tools
        bound = text_calls.calls_schema(tools) if tools and not native else schema
        text = VisibleText(tools=native)

        def pass_on(piece: str) -> None:
            if on_text is not None and (shown := text.feed(piece)):
                on_text(shown)

        listens = on_text is not None and bound is None
        limits = writing.Limits(max_output, bound, stop, pass_on if listens else None)
        plain = messages if native else text_calls.as_text(messages, tools)
        completion = self._write(plain, tools if native else (), limits)
        if tools:
            words, calls = text_calls.read_calls(completion.text, tools, messages)
            completion = replace(completion, text=words, calls=calls, finish="calls" if calls else completion.finish)
        if on_text is not None and listens and (rest := text.finish(completion.text)):
            on_text(rest)
        return completion

    def weigh(
        self, messages: Sequence[Message], labels: Sequence[str], stop: Callable[[], bool] | None = None
    ) -> tuple[dict[str, float], Completion]:
        """See `Chat`. Labels that are not among the likeliest tokens get 0."""

        def run(loaded: AChat, prompts: Sequence[Sequence[Message]]) -> list[tuple[dict[str, float], Completion]]:
            raise_if_stopped(stop)
            inputs = self._inputs(loaded, prompts[0], (), 1)
            tokens = writing.likeliest(loaded.model, loaded.tokenizer, inputs, LIKELIEST)
            return [(shares(tokens, labels), Completion(tokens[0]["token"], int(inputs["input_ids"].shape[1]), 1))]

        return self._in_batches([text_calls.as_text(messages, ())], run, stop)[0]

    @abstractmethod
    def _encoded_prompt(self, loaded: AChat, prompt: str, frames: Sequence[Frame]) -> Any:
        """The network's input for a prompt with pictures."""

    def _write(self, messages: Sequence[Message], tools: Sequence[ToolSpec], limits: writing.Limits) -> Completion:
        def run(loaded: AChat, prompts: Sequence[Sequence[Message]]) -> list[Completion]:
            inputs = self._inputs(loaded, prompts[0], tools, limits.max_tokens)
            text, written = writing.write(loaded.model, loaded.tokenizer, inputs, limits)[0]
            self.counters.tokens += written
            read = int(inputs["input_ids"].shape[1])
            return [
                Completion(visible(text), read, written, finish="length" if written >= limits.max_tokens else "stop")
            ]

        return self._in_batches([messages], run, limits.stop)[0]

    def _inputs(self, loaded: AChat, messages: Sequence[Message], tools: Sequence[ToolSpec], max_output: int) -> Any:
        """The encoded prompt. Raises ToolRefused if it is too long, or has pictures that the model cannot see."""
        frames = [part for message in messages for part in message.parts if isinstance(part, Frame)]
        if frames and not loaded.sees:
            raise ToolRefused(f"{self.model} does not accept pictures.", "Ask about text only.")
        # Qwen3's template would let the model think aloud first; templates without this variable ignore it.
        prompt = loaded.tokenizer.apply_chat_template(
            _turns(loaded, messages),
            chat_template=loaded.template,
            tools=[text_calls.described(tool) for tool in tools] or None,
            add_generation_prompt=True,
            tokenize=False,
            enable_thinking=False,
        )
        inputs = self._encoded_prompt(loaded, prompt, frames)
        read, context = int(inputs["input_ids"].shape[1]), _context(loaded)
        if read + max_output > context:
            raise ToolRefused(
                f"The prompt has {read} tokens; {self.model} reads {context} with the answer.",
                "Use fewer or shorter passages, or fewer pictures.",
            )
        return inputs.to(loaded.model.device)


def _context(loaded: LoadedChat) -> int:
    return min(writing.longest(loaded.model), LARGEST_CONTEXT)


def _turns(loaded: LoadedChat, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages in the format of chat templates."""
    names = {call.id: call.name for message in messages for call in message.calls}
    turns: list[dict[str, Any]] = []
    for message in messages:
        turn: dict[str, Any] = {"role": message.role, "content": loaded.content(message)}
        if message.calls:
            turn["tool_calls"] = [
                {"type": "function", "function": {"name": call.name, "arguments": text_calls.loaded(call.arguments)}}
                for call in message.calls
            ]
        if message.role == "tool":
            turn["name"] = names.get(message.call_id, "")
        turns.append(turn)
    return turns
