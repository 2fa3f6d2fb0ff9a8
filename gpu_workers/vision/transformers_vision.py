"""Looks at frames with a vision-language model through transformers.

Qwen2.5-VL, Qwen3-VL, SmolVLM2, LLaVA-OneVision, InternVL and others that `AutoModelForImageTextToText` loads. Each
frame stands after its true time in words, so that a variable frame rate or a chosen handful of frames never becomes a
wrong time, which an assumed rate would make of them. Settings give Qwen's models a video with their
own time tokens instead, at the same true times, and let any model read fewer tokens of the pictures.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import BadSettings, MissingPart, ToolRefused
from app.core.settings import Settings
from app.core.types import Completion, Frame, Message
from gpu_workers.device import Device
from gpu_workers.language import transformers_writing as writing
from gpu_workers.language.transformers_chat import TransformersChat
from gpu_workers.selection.presentation import PRESENTATIONS
from gpu_workers.selection.token_budget import TokenGrid
from gpu_workers.vision import picture_tokens, time_tokens
from gpu_workers.vision.frame_format import FrameFormat, frame_format
from gpu_workers.vision.picture_shape import bounded
from gpu_workers.vision.regions import cropped
from gpu_workers.vision.token_fusion import can_fuse
from gpu_workers.weights import hub

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

ROLE = "vision_language_model"
LOOK_TOKENS = 400
"""Longest answer to a look, tokens."""
TASK = (
    "These are frames of one video in the order in which they are given; before each stands its time in the video. "
    "Say only what they show. If they do not show what is asked, say that they do not."
)


@dataclass(frozen=True, slots=True)
class VisionPrompt:
    """One prompt: frames in their order, then words."""

    frames: tuple[Frame, ...]
    words: str


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    processor: Any
    longest: int
    format: FrameFormat
    time_tokens: bool = False
    presentation: str = "interleaved"
    grid: TokenGrid | None = None

    @property
    def tokenizer(self) -> Any:
        """Of its text."""
        return self.processor.tokenizer

    @property
    def template(self) -> str:
        """The chat template, with a place for pictures."""
        return str(self.processor.chat_template)

    @property
    def sees(self) -> bool:
        """It does."""
        return True

    def content(self, message: Message) -> list[dict[str, str]]:
        """A message's parts in the format of the template."""
        return [
            {"type": "text", "text": self.format.plain(part)} if isinstance(part, str) else dict(self.format.part)
            for part in message.parts
        ]


class TransformersVision(TransformersChat[_Loaded]):
    """A vision-language model for one process; captions, looks and chats share it."""

    GPU_BATCH, CPU_BATCH = 32, 1

    def __init__(self, weights: str, role: str, settings: Settings) -> None:
        shown = settings.vision
        by = "" if shown.tokens_by == "density" else f"-by-{shown.tokens_by}"
        fewer = f"/{shown.tokens:g}-tokens{by}" if shown.tokens < 1 else ""
        self.finder: Callable[[], object] | None = None
        """What finds the part of each frame that a question is about; whole frames are shown without it."""
        together = "" if settings.vlm_presentation == "interleaved" else f"/{settings.vlm_presentation}"
        suffix = fewer + ("/time-tokens" if shown.time_tokens else together)
        super().__init__(weights, role, settings, suffix=suffix)

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersVision:
        """The weights of the settings or the profile."""
        return cls.shared(ROLE, settings, workers)

    @classmethod
    def shared(cls, role: str, settings: Settings, workers: Workers) -> TransformersVision:
        """The process's one copy of the weights of a role."""
        weights = workers.weights(role)

        def made() -> TransformersVision:
            model = cls(weights, role, settings)
            if settings.vision.region < 1:
                model.finder = lambda: workers.get("frame_embedder")
            return model

        return workers.shared(f"vision:{weights}", made)

    def look(self, frames: Sequence[Frame], question: str, stop: Callable[[], bool] | None = None) -> Completion:
        """See `VisionLanguageModel`. Frames are thinned evenly when the model cannot read so many."""
        if frames and self.finder is not None:
            finder = self.finder()
            if not hasattr(finder, "regions"):
                raise BadSettings(
                    "The frame embedder cannot find the part of a picture that a question is about.",
                    "Unset LONGREEL_VISION__REGION or set LONGREEL_MODELS__FRAME_EMBEDDER=transformers.",
                )
            boxes = finder.regions(frames, question, self._settings.vision.region)
            frames = [cropped(frame, box) for frame, box in zip(frames, boxes, strict=True)]
        words = f"{TASK}\n{question}" if frames else question
        return self.answer([VisionPrompt(tuple(frames), words)], LOOK_TOKENS, stop)[0]

    def answer(
        self, looks: Sequence[VisionPrompt], max_tokens: int, stop: Callable[[], bool] | None = None
    ) -> list[Completion]:
        """An answer to each prompt, in order, several at once. Raises ToolRefused when the words alone are too many,
        and Cancelled."""
        limits = writing.Limits(max_tokens, stop=stop)

        def run(loaded: _Loaded, some: Sequence[VisionPrompt]) -> list[Completion]:
            return self._run(loaded, some, limits)

        if self._settings.vision.tokens_by != "framefusion" or self._settings.vision.tokens == 1:
            return self._in_batches(looks, run, stop)
        # Each layer keeps other tokens of each prompt, so prompts are read one by one.
        return [self._in_batches([look], run, stop)[0] for look in looks]

    def first_token_probability(self, frames: Sequence[Frame], question: str, token: str) -> NDArray[np.float64]:
        """See `JudgesFrames`. One forward pass for each batch."""

        def run(loaded: _Loaded, looks: Sequence[VisionPrompt]) -> list[float]:
            inputs = _in_dtype(_encoded(loaded, looks), loaded.model.dtype).to(loaded.model.device)
            return writing.first_token_probabilities(loaded.model, loaded.tokenizer, inputs, token)

        import numpy as np

        return np.array(self._in_batches([VisionPrompt((frame,), question) for frame in frames], run), np.float64)

    def token_grid(self) -> TokenGrid | None:
        """See `TakesAnySize`: Qwen's models cut pictures of any size."""
        with self._use() as loaded:
            return loaded.grid

    def _load_at(self, folder: Path, place: Device) -> _Loaded:
        from transformers import AutoProcessor
        from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

        if hub.architecture(folder) not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
            raise BadSettings(
                f"transformers does not know the architecture of {self.model}.",
                "Serve it with vLLM or another server that knows it, and set LONGREEL_VLM_URL and "
                "LONGREEL_MODELS__VISION_LANGUAGE_MODEL=openai.",
            )
        processor = AutoProcessor.from_pretrained(folder, local_files_only=True, use_fast=True)
        if not getattr(processor, "tokenizer", None) or not processor.chat_template:
            raise MissingPart(f"{self.model} has no chat template with pictures.", "Choose an instruct model.")
        model = self._built("AutoModelForImageTextToText", folder, place)
        writing.tidy(model, processor.tokenizer)
        timed = self._settings.vision.time_tokens
        if timed and model.config.model_type not in time_tokens.TELL_TIME:
            raise BadSettings(
                f"{self.model} has no tokens for time.", "Unset LONGREEL_VISION__TIME_TOKENS or choose a Qwen model."
            )
        shown = self._settings.vlm_presentation
        by = self._settings.vision.tokens_by
        if (by == "framefusion" and not can_fuse(model)) or (by == "longvu" and model.config.model_type == "aria"):
            raise BadSettings(
                f"Tokens of {self.model} cannot be chosen by {by}.",
                "Set LONGREEL_VISION__TOKENS_BY=density or attention, or choose another model.",
            )
        format_ = frame_format(processor, model.config.model_type, shown)
        pictures = processor.image_processor
        merge, least = getattr(pictures, "merge_size", 0), getattr(pictures, "size", None) or {}
        grid = TokenGrid(pictures.patch_size * merge, int(least.get("shortest_edge", 0))) if merge else None
        return _Loaded(model, processor, writing.longest(model), format_, timed, shown, grid)

    def _encoded_prompt(self, loaded: _Loaded, prompt: str, frames: Sequence[Frame]) -> Any:
        from PIL import Image

        options = _options(loaded, prompt, [[Image.fromarray(bounded(frame.image)) for frame in frames]])
        return _in_dtype(loaded.processor(text=[prompt], return_tensors="pt", **options), loaded.model.dtype)

    def _run(self, loaded: _Loaded, looks: Sequence[VisionPrompt], limits: writing.Limits) -> list[Completion]:
        room = loaded.longest - limits.max_tokens
        inputs = _encoded(loaded, looks)
        while max(lengths := inputs["attention_mask"].sum(1).tolist()) > room:
            looks = [
                _thinned(look, room / length) if length > room else look
                for look, length in zip(looks, lengths, strict=True)
            ]
            inputs = _encoded(loaded, looks)
        inputs = _in_dtype(inputs, loaded.model.dtype).to(loaded.model.device)
        keep = self._settings.vision.tokens
        if keep < 1 or loaded.time_tokens:
            times = [[frame.pts_s for frame in look.frames] for look in looks] if loaded.time_tokens else None
            by = self._settings.vision.tokens_by
            with picture_tokens.shown(loaded.model, inputs, keep, times, by=by) as fed:
                read = fed["attention_mask"].sum(1).tolist()
                written = writing.write(loaded.model, loaded.processor.tokenizer, fed, limits)
        else:
            read = inputs["attention_mask"].sum(1).tolist()
            written = writing.write(loaded.model, loaded.processor.tokenizer, inputs, limits)
        self.counters.tokens += sum(count for _, count in written)
        return [Completion(text, int(n), count) for n, (text, count) in zip(read, written, strict=True)]


def _encoded(loaded: _Loaded, looks: Sequence[VisionPrompt]) -> Any:
    from PIL import Image

    processor = loaded.processor
    parts: list[list[dict[str, Any]]] = []
    for look in looks:
        words = loaded.format.plain(look.words)
        if loaded.time_tokens:
            parts.append(time_tokens.content(look.frames, words))
            continue
        # Each picture after the times of the frames in it, then the words.
        part: list[dict[str, Any]] = []
        for picture in PRESENTATIONS[loaded.presentation](look.frames):
            part.append({"type": "text", "text": f"{picture.text} "})
            part.append({**loaded.format.part, "image": Image.fromarray(bounded(picture.image))})
        parts.append([*part, {"type": "text", "text": words}])
    turns = [[{"role": "user", "content": part}] for part in parts]
    texts = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    pictures = [[piece["image"] for piece in part if "image" in piece] for part in parts]
    options = _options(loaded, texts[0], pictures)
    if loaded.time_tokens:
        options |= time_tokens.videos([look.frames for look in looks])
    return processor(text=texts, padding=True, return_tensors="pt", **options)


def _options(loaded: _Loaded, prompt: str, pictures: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """What a processor is given beside prompts: the pictures of each, and whether it is to begin them."""
    begin = loaded.tokenizer.bos_token
    starts = {"add_special_tokens": not (begin and prompt.startswith(begin))}
    # Processors take nested options apart.
    return {**starts, **copy.deepcopy(dict(loaded.format.options)), **loaded.format.media(pictures)}


def _in_dtype(inputs: Any, dtype: Any) -> Any:
    for name, value in inputs.items():
        if hasattr(value, "is_floating_point") and value.is_floating_point():
            inputs[name] = value.to(dtype)
    return inputs


def _thinned(look: VisionPrompt, share: float) -> VisionPrompt:
    """A prompt with at most `share` of the frames and at least one fewer. Raises ToolRefused when none is left."""
    count = len(look.frames)
    keep = min(int(count * share), count - 1)
    if keep < 1:
        raise ToolRefused("The question is longer than the model can read beside a picture.", "Ask in fewer words.")
    chosen = tuple(look.frames[int((i + 0.5) * count / keep)] for i in range(keep))
    return VisionPrompt(chosen, look.words)
