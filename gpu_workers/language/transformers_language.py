"""A chat model in this process through transformers: any instruct model with a chat template."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart, ToolRefused
from app.core.settings import Settings
from app.core.types import Capabilities, Completion, Message, ToolSpec
from gpu_workers.language import text_calls
from gpu_workers.language import transformers_writing as writing
from gpu_workers.language.replies import VisibleText, shares, visible
from gpu_workers.places import Place
from gpu_workers.torch_worker import TorchWorker

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

ROLE = "language_model"
LARGEST_CONTEXT = 32_768
"""Tokens of prompt and answer together, however many more a model was trained on: the cache must fit beside it."""
LIKELIEST = 64
"""How many of the likeliest first tokens `weigh` looks through."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    tokenizer: Any

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together."""
        return min(writing.longest(self.model), LARGEST_CONTEXT)

    @property
    def calls_tools(self) -> bool:
        """Whether the chat template explains tools to the model."""
        return "tools" in str(self.tokenizer.chat_template)


class TransformersLanguageModel(TorchWorker[_Loaded]):
    """Greedy chat completions, one at a time; JSON by constrained decoding."""

    QUANTISED = True

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersLanguageModel:
        """The weights of the settings or the profile."""
        return cls(workers.weights(ROLE), ROLE, settings)

    @functools.cached_property
    def capabilities(self) -> Capabilities:
        """As the loaded model's files say."""
        with self._use() as loaded:
            return Capabilities(tools=loaded.calls_tools, schema=True, context=loaded.context, weighs=True)

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
        """See `Chat`. Tools go through the chat template where it has a place for them, elsewhere through a schema."""
        native = bool(tools) and self.capabilities.tools
        bound = text_calls.calls_schema(tools) if tools and not native else schema
        text = VisibleText(tools=native)

        def tell(piece: str) -> None:
            if on_text is not None and (shown := text.feed(piece)):
                on_text(shown)

        listens = on_text is not None and bound is None
        limits = writing.Limits(max_output, bound, stop, tell if listens else None)
        turns = _turns(messages) if native else _turns(text_calls.as_text(messages, tools))
        completion = self._write(turns, tools if native else (), limits)
        if tools:
            words, calls = text_calls.read_calls(completion.text, tools, messages)
            completion = replace(completion, text=words, calls=calls, finish="calls" if calls else completion.finish)
        if on_text is not None and listens and (rest := text.finish(completion.text)):
            on_text(rest)
        return completion

    def weigh(self, messages: Sequence[Message], labels: Sequence[str]) -> tuple[dict[str, float], Completion]:
        """See `Chat`. Labels that are none of the likeliest tokens get 0."""

        def run(loaded: _Loaded, prompts: Sequence[Any]) -> list[tuple[dict[str, float], Completion]]:
            inputs = self._inputs(loaded, prompts[0], (), 1)
            tokens = writing.likeliest(loaded.model, loaded.tokenizer, inputs, LIKELIEST)
            return [(shares(tokens, labels), Completion(tokens[0]["token"], int(inputs["input_ids"].shape[1]), 1))]

        return self._in_batches([_turns(text_calls.as_text(messages, ()))], run)[0]

    def _load_at(self, folder: Path, place: Place) -> _Loaded:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        if not tokenizer.chat_template:
            raise MissingPart(f"{self.model} has no chat template.", "Choose an instruct model.")
        model = self._built("AutoModelForCausalLM", folder, place)
        writing.tidy(model, tokenizer)
        return _Loaded(model, tokenizer)

    def _write(
        self, turns: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], limits: writing.Limits
    ) -> Completion:
        def run(loaded: _Loaded, prompts: Sequence[Any]) -> list[Completion]:
            inputs = self._inputs(loaded, prompts[0], tools, limits.max_tokens)
            text, written = writing.write(loaded.model, loaded.tokenizer, inputs, limits)[0]
            self.counters.tokens += written
            read = int(inputs["input_ids"].shape[1])
            return [
                Completion(visible(text), read, written, finish="length" if written >= limits.max_tokens else "stop")
            ]

        return self._in_batches([turns], run)[0]

    def _inputs(
        self, loaded: _Loaded, turns: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], max_output: int
    ) -> Any:
        """The prompt as the model reads it. Raises ToolRefused when it is too long."""
        # Qwen3's template would let the model think aloud first; templates without the word ignore it.
        prompt = loaded.tokenizer.apply_chat_template(
            list(turns),
            tools=[text_calls.described(tool) for tool in tools] or None,
            add_generation_prompt=True,
            tokenize=False,
            enable_thinking=False,
        )
        inputs = loaded.tokenizer([prompt], add_special_tokens=False, return_tensors="pt", return_token_type_ids=False)
        read = int(inputs["input_ids"].shape[1])
        if read + max_output > loaded.context:
            raise ToolRefused(
                f"The prompt has {read} tokens; {self.model} reads {loaded.context} with the answer.",
                "Use fewer or shorter passages.",
            )
        return inputs.to(loaded.model.device)


def _turns(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as chat templates read them. Raises ToolRefused for pictures."""
    if any(not isinstance(part, str) for message in messages for part in message.parts):
        raise ToolRefused("The language model accepts no pictures.", "Ask about text only.")
    names = {call.id: call.name for message in messages for call in message.calls}
    turns: list[dict[str, Any]] = []
    for message in messages:
        turn: dict[str, Any] = {"role": message.role, "content": message.text}
        if message.calls:
            turn["tool_calls"] = [
                {"type": "function", "function": {"name": call.name, "arguments": text_calls.loaded(call.arguments)}}
                for call in message.calls
            ]
        if message.role == "tool":
            turn["name"] = names.get(message.call_id, "")
        turns.append(turn)
    return turns
