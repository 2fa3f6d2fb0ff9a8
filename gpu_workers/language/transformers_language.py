"""A language model in this process through transformers: any instruct model with a chat template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart, ToolRefused
from app.core.settings import Settings
from app.core.types import Completion, Message
from gpu_workers.language import transformers_writing as writing
from gpu_workers.places import Place
from gpu_workers.torch_worker import TorchWorker

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

ROLE = "language_model"


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    tokenizer: Any


class TransformersLanguageModel(TorchWorker[_Loaded]):
    """Greedy chat completions, one at a time; JSON by constrained decoding."""

    QUANTISED = True

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersLanguageModel:
        """The weights of the settings or the profile."""
        return cls(workers.weights(ROLE), ROLE, settings)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Completion:
        """See `LanguageModel`. Raises ToolRefused when the prompt is longer than the model can read."""

        def run(loaded: _Loaded, prompts: Sequence[Sequence[Message]]) -> list[Completion]:
            return [self._write(loaded, prompt, writing.Limits(max_tokens, schema, stop)) for prompt in prompts]

        return self._in_batches([messages], run)[0]

    def _load_at(self, folder: Path, place: Place) -> _Loaded:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        if not tokenizer.chat_template:
            raise MissingPart(f"{self.model} has no chat template.", "Choose an instruct model.")
        model = self._built("AutoModelForCausalLM", folder, place)
        writing.tidy(model, tokenizer)
        return _Loaded(model, tokenizer)

    def _write(self, loaded: _Loaded, messages: Sequence[Message], limits: writing.Limits) -> Completion:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        # Qwen3's template would let the model think aloud first; templates without the word ignore it.
        prompt = loaded.tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, tokenize=False, enable_thinking=False
        )
        inputs = loaded.tokenizer([prompt], add_special_tokens=False, return_tensors="pt", return_token_type_ids=False)
        read, limit = int(inputs["input_ids"].shape[1]), writing.longest(loaded.model)
        if read + limits.max_tokens > limit:
            raise ToolRefused(
                f"The prompt has {read} tokens; {self.model} reads {limit} with the answer.",
                "Use fewer or shorter passages.",
            )
        fed = inputs.to(loaded.model.device)
        text, written = writing.write(loaded.model, loaded.tokenizer, fed, limits)[0]
        self.counters.tokens += written
        return Completion(text, read, written)
