"""Looking at frames with a vision-language model through transformers.

Qwen2.5-VL, Qwen3-VL, SmolVLM2, LLaVA-OneVision and others that `AutoModelForImageTextToText` loads. Each frame
goes in as a picture after its true time in words, so that a variable frame rate or a chosen handful of frames
never becomes a wrong time, which an assumed rate would make of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart, ToolRefused
from app.core.settings import Settings
from app.core.types import Completion, Frame
from gpu_workers.language import transformers_writing as writing
from gpu_workers.places import Place
from gpu_workers.torch_worker import TorchWorker
from gpu_workers.vision.picture_shape import bounded

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

ROLE = "vision_language_model"
LOOK_TOKENS = 400
"""Longest answer to a look, tokens."""
TASK = (
    "These are frames of one video in the order in which they are given; before each stands its time in the video. "
    "Say only what they show. If they do not show what is asked, say that they do not."
)


@dataclass(frozen=True, slots=True)
class Look:
    """One prompt: frames in their order, then words."""

    frames: tuple[Frame, ...]
    words: str


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    processor: Any
    longest: int


class TransformersVision(TorchWorker[_Loaded]):
    """A vision-language model for one process; captions and looks share it."""

    QUANTISED = True
    GPU_BATCH, CPU_BATCH = 32, 1

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersVision:
        """The weights of the settings or the profile."""
        return cls.shared(ROLE, settings, workers)

    @classmethod
    def shared(cls, role: str, settings: Settings, workers: Workers) -> TransformersVision:
        """The process's one copy of the weights of a role."""
        weights = workers.weights(role)
        return workers.shared(f"vision:{weights}", lambda: cls(weights, role, settings))

    def look(self, frames: Sequence[Frame], question: str) -> Completion:
        """See `VisionLanguageModel`. Frames are thinned evenly when the model cannot read so many."""
        words = f"{TASK}\n{question}" if frames else question
        return self.answer([Look(tuple(frames), words)], LOOK_TOKENS)[0]

    def answer(self, looks: Sequence[Look], max_tokens: int) -> list[Completion]:
        """An answer to each prompt, in order, several at once. Raises ToolRefused when the words alone are too many."""
        return self._in_batches(looks, lambda loaded, some: self._run(loaded, some, max_tokens))

    def _load_at(self, folder: Path, place: Place) -> _Loaded:
        from transformers import AutoProcessor

        processor = AutoProcessor.from_pretrained(folder, local_files_only=True, use_fast=True)
        if not getattr(processor, "tokenizer", None) or not processor.chat_template:
            raise MissingPart(f"{self.model} has no chat template with pictures.", "Choose an instruct model.")
        if hasattr(processor.image_processor, "do_image_splitting"):
            # SmolVLM cuts a picture into up to 17 tiles to read print; of a video it sees one tile a frame.
            processor.image_processor.do_image_splitting = False
        model = self._built("AutoModelForImageTextToText", folder, place)
        writing.tidy(model, processor.tokenizer)
        return _Loaded(model, processor, writing.longest(model))

    def _run(self, loaded: _Loaded, looks: Sequence[Look], max_tokens: int) -> list[Completion]:
        inputs = _fitting(loaded, looks, loaded.longest - max_tokens).to(loaded.model.device)
        for name, value in inputs.items():
            if hasattr(value, "is_floating_point") and value.is_floating_point():
                inputs[name] = value.to(loaded.model.dtype)
        read = inputs["attention_mask"].sum(1).tolist()
        written = writing.write(loaded.model, loaded.processor.tokenizer, inputs, writing.Limits(max_tokens))
        self.counters.tokens += sum(count for _, count in written)
        return [Completion(text, int(n), count) for n, (text, count) in zip(read, written, strict=True)]


def content(look: Look) -> list[dict[str, Any]]:
    """The parts of a prompt: for each frame its time and its picture, then the words."""
    from PIL import Image

    parts: list[dict[str, Any]] = []
    for frame in look.frames:
        parts.append({"type": "text", "text": f"t={frame.pts_s:.1f}s "})
        parts.append({"type": "image", "image": Image.fromarray(bounded(frame.image))})
    return [*parts, {"type": "text", "text": look.words}]


def _fitting(loaded: _Loaded, looks: Sequence[Look], room: int) -> Any:
    """The model's inputs, with as many frames of each prompt, spread evenly, as fit into `room` tokens."""
    while True:
        inputs = _encoded(loaded.processor, looks)
        lengths = inputs["attention_mask"].sum(1).tolist()
        if max(lengths) <= room:
            return inputs
        looks = [
            _thinned(look, room / length) if length > room else look
            for look, length in zip(looks, lengths, strict=True)
        ]


def _encoded(processor: Any, looks: Sequence[Look]) -> Any:
    parts = [content(look) for look in looks]
    turns = [[{"role": "user", "content": part}] for part in parts]
    texts = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    pictures = [[piece["image"] for piece in part if "image" in piece] for part in parts]
    begin = processor.tokenizer.bos_token
    options: dict[str, Any] = {"add_special_tokens": not (begin and texts[0].startswith(begin))}
    if any(pictures):
        options["images"] = pictures
    return processor(text=texts, padding=True, return_tensors="pt", **options)


def _thinned(look: Look, share: float) -> Look:
    """A prompt with at most `share` of the frames and at least one fewer. Raises ToolRefused when none is left."""
    count = len(look.frames)
    keep = min(int(count * share), count - 1)
    if keep < 1:
        raise ToolRefused("The question is longer than the model can read beside a picture.", "Ask in fewer words.")
    chosen = tuple(look.frames[int((i + 0.5) * count / keep)] for i in range(keep))
    return Look(chosen, look.words)
