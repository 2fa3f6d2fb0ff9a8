"""Captions by a vision-language model: one or two plain sentences about a segment, and nouns to find it by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.ports import CaptionTask
from app.core.settings import Settings
from app.core.types import Caption, Frame, FrameFeatures, TimeSpan
from gpu_workers.vision.transformers_vision import TransformersVision, VisionPrompt

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

ROLE = "captioner"
MAX_TOKENS = 120
MAX_TAGS = 10
PROMPT_VERSION = 1
"""Part of the model's name: a changed prompt makes other captions."""
PROMPT = (
    "These frames come from one short piece of a video; before each stands its time.\n"
    "Answer in this form and write nothing else:\n"
    "Caption: one or two plain sentences that say who or what is seen, what happens, and where. "
    "Give numbers, colours and names only if they can be seen. Do not mention frames or times.\n"
    "Tags: at most eight nouns for what is seen, separated by commas."
)
_CAPTION = re.compile(r"^\W*caption\W*?:[\s*]*", re.IGNORECASE)
_TAGS = re.compile(r"^\W*tags\W*?:[\s*]*(.*)$", re.IGNORECASE | re.MULTILINE)


class TransformersCaptioner:
    """Captioner over a vision-language model that it shares with whoever looks."""

    def __init__(self, eyes: TransformersVision) -> None:
        self.eyes = eyes

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> TransformersCaptioner:
        """The captioner's own weights, or those of the vision-language model."""
        return cls(TransformersVision.shared(ROLE, settings, workers))

    @property
    def model(self) -> str:
        """The weights and the version of the prompt."""
        return f"{self.eyes.model}/captions-{PROMPT_VERSION}"

    @property
    def at_once(self) -> int:
        """As many as one batch of the model."""
        return self.eyes.batch

    def unload(self) -> None:
        """Frees the vision-language model."""
        self.eyes.unload()

    def caption(self, frames: Sequence[Frame], features: Sequence[FrameFeatures], span: TimeSpan) -> Caption:
        """See `Captioner`. The features are not used: the model sees the frames."""
        return self.caption_all([CaptionTask(span, tuple(frames), tuple(features))])[0]

    def caption_all(self, tasks: Sequence[CaptionTask]) -> list[Caption]:
        """See `BatchCaptioner`: several pieces at once, in order."""
        shown = [task for task in tasks if task.frames]
        answers = iter(self.eyes.answer([VisionPrompt(task.frames, PROMPT) for task in shown], MAX_TOKENS))
        captions = []
        for task in tasks:
            text, tags = parted(next(answers).text) if task.frames else ("", ())
            captions.append(Caption(task.span, text, self.model, tags))
        return captions


def parted(reply: str) -> tuple[str, tuple[str, ...]]:
    """Caption and tags of what a model wrote. An answer in another form is a caption without tags."""
    found = _TAGS.search(reply)
    text = _CAPTION.sub("", reply[: found.start()] if found else reply)
    names = re.split(r"[,;]", found.group(1)) if found else []
    tags = dict.fromkeys(name.strip(" .*\"'").lower() for name in names)
    return " ".join(text.split()), tuple(tag for tag in tags if tag)[:MAX_TAGS]
