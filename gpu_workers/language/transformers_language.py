"""A chat model in this process through transformers: any instruct model with a chat template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart
from app.core.settings import Settings
from app.core.types import Frame, Message
from gpu_workers.device import Device
from gpu_workers.language import transformers_writing as writing
from gpu_workers.language.transformers_chat import TransformersChat

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

ROLE = "language_model"


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    tokenizer: Any

    @property
    def template(self) -> str:
        """The chat template."""
        return str(self.tokenizer.chat_template)

    @property
    def sees(self) -> bool:
        """It does not."""
        return False

    def content(self, message: Message) -> str:
        """A message's words."""
        return message.text


class TransformersLanguageModel(TransformersChat[_Loaded]):
    """A text-only chat model."""

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersLanguageModel:
        """The weights of the settings or the profile."""
        return cls(workers.weights(ROLE), ROLE, settings)

    def _load_at(self, folder: Path, place: Device) -> _Loaded:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        if not tokenizer.chat_template:
            raise MissingPart(f"{self.model} has no chat template.", "Choose an instruct model.")
        model = self._built("AutoModelForCausalLM", folder, place)
        writing.tidy(model, tokenizer)
        return _Loaded(model, tokenizer)

    def _encoded_prompt(self, loaded: _Loaded, prompt: str, frames: Sequence[Frame]) -> Any:
        del frames
        return loaded.tokenizer([prompt], add_special_tokens=False, return_tensors="pt", return_token_type_ids=False)
