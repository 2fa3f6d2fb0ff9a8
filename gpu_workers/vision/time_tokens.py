"""Frames as one video for Qwen2.5-VL and Qwen3-VL, with their true times in the models' own time tokens.

Both models read two frames as one step in time. Each frame is given twice, so that a step is one frame with its own
time, however unevenly the frames lie. Qwen3-VL writes a step's time before it, in words; it works the times out from
frame numbers and a rate, here milliseconds and 1,000 a second. Qwen2.5-VL counts time in its positions (see
`picture_tokens.shown`) and reads the time of the first frame in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.core.types import Frame
from gpu_workers.vision.picture_shape import bounded

TELL_TIME = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe")
"""Kinds of models that have tokens for time."""
A_SECOND = 1000
LEAST_SIDE = 32
"""Pixels; Qwen3-VL refuses a video with a shorter side."""


def content(frames: Sequence[Frame], words: str) -> list[dict[str, Any]]:
    """The parts of a prompt: the video, its times, then the words."""
    if not frames:
        return [{"type": "text", "text": words}]
    times = f"The video's frames are at {', '.join(f't={frame.pts_s:.1f}s' for frame in frames)}.\n"
    return [{"type": "video"}, {"type": "text", "text": times + words}]


def videos(prompts: Sequence[Sequence[Frame]]) -> dict[str, Any]:
    """What a processor needs of the frames of several prompts; nothing where there are none."""
    from PIL import Image
    from transformers.video_utils import VideoMetadata

    stacks, metadata = [], []
    for frames in filter(None, prompts):
        # Each video has the size of its first frame, with sides that the models take.
        height, width = bounded(frames[0].image).shape[:2]
        larger = max(1.0, LEAST_SIDE / min(height, width))
        size = (round(width * larger), round(height * larger))
        pictures = [
            frame.image
            if frame.image.shape[1::-1] == size
            else np.asarray(Image.fromarray(frame.image).resize(size, Image.Resampling.BICUBIC))
            for frame in frames
        ]
        stacks.append(np.repeat(np.stack(pictures), 2, axis=0))
        moments = [round(frame.pts_s * A_SECOND) for frame in frames for _ in range(2)]
        metadata.append(VideoMetadata(total_num_frames=moments[-1] + 1, fps=float(A_SECOND), frames_indices=moments))
    return {"videos": stacks, "video_metadata": metadata, "do_sample_frames": False} if stacks else {}
