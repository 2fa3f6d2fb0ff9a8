"""How each architecture takes the frames of a video: as pictures, or each as a video of one frame.

A picture costs many tokens where a model cuts it into tiles to read print. Of a video's frames every model sees one
tile. LLaVA's models have a cheaper form for the frames of a video (196 tokens of LLaVA-OneVision, 730 as pictures);
each frame is a video of its own there, so that its true time can stand before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

LLAVA = ("llava_onevision", "llava_next_video")
"""Kinds of models whose chat templates move pictures before all words, and which have a form for frames."""


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """How one model takes frames."""

    part: Mapping[str, str]
    """The part of a message that holds a frame."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the processor beside the pictures."""
    as_videos: bool = False
    square: bool = False
    """Whether the processor would cut off what lies outside the middle square."""
    skips_empty: bool = False
    """Whether prompts without pictures have no entry in the list of pictures."""
    marks: tuple[str, ...] = ()
    """What the processor takes for a picture in a prompt."""

    def plain(self, words: str) -> str:
        """Words in which nothing is taken for a picture, such as those of a question about the HTML element video."""
        for mark in self.marks:
            words = words.replace(mark, f"{mark[0]} {mark[1:]}")
        return words

    def media(self, pictures: Sequence[Sequence[Image]]) -> dict[str, Any]:
        """The pictures of several prompts, as arguments of the processor."""
        if not any(pictures):
            return {}
        if self.as_videos:
            videos = []
            for picture in (picture for some in pictures for picture in some):
                frame = np.array(picture)
                if self.square:  # the frame in the middle of a black square
                    missing = [max(frame.shape[:2]) - length for length in frame.shape[:2]]
                    frame = np.pad(frame, [*((more // 2, more - more // 2) for more in missing), (0, 0)])
                videos.append(frame[None])
            return {"videos": videos, "do_sample_frames": False}
        return {"images": [some for some in pictures if some] if self.skips_empty else pictures}


def frame_format(processor: Any, kind: str, presentation: str) -> FrameFormat:
    """The format of a kind of model. Pictures of several frames stay pictures: as a frame they would lose detail."""
    pictures = processor.image_processor
    known = (getattr(processor, name, None) for name in ("image_token", "video_token", "boi_token"))
    marks = tuple(mark for mark in known if isinstance(mark, str))
    if kind in LLAVA:
        as_videos = presentation == "interleaved"
        # Written as words, the mark of a picture stays where it is put.
        mark = processor.video_token if as_videos else processor.image_token
        crops = bool(getattr(processor.video_processor, "do_center_crop", False))
        return FrameFormat({"type": "text", "text": mark}, {}, as_videos, crops, skips_empty=True, marks=marks)
    options: dict[str, Any] = {}
    if hasattr(pictures, "do_image_splitting"):
        pictures.do_image_splitting = False
    elif hasattr(pictures, "crop_to_patches"):
        options["crop_to_patches"] = False
    elif sizes := getattr(processor, "size_conversion", None):
        # Aria reads video at 490 pixels, 128 tokens a frame; at 980 pixels they are 256.
        options["images_kwargs"] = {"max_image_size": min(sizes)}
    return FrameFormat({"type": "image"}, options, marks=marks)
