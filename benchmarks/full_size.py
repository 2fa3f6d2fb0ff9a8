"""Models of their real sizes with random weights, and a video that moves, for measuring speed without downloads."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from gpu_workers.places import Place
from tests.tiny_models import CHAT, QWEN_IMAGE, byte_tokenizer

FPS = 25


def siglip2_so400m(folder: Path) -> Path:
    """Configuration and processors of google/siglip2-so400m-patch14-384."""
    from transformers import SiglipConfig, SiglipImageProcessorFast

    tower = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16}
    config = SiglipConfig(
        text_config={**tower, "vocab_size": 256000, "max_position_embeddings": 64, "projection_size": 1152},
        vision_config={**tower, "image_size": 384, "patch_size": 14},
    )
    processor = SiglipImageProcessorFast(size={"height": 384, "width": 384})
    return _written(folder, config, processor, byte_tokenizer("PreTrainedTokenizerFast", model_max_length=64))


def qwen2_5_vl_7b(folder: Path) -> Path:
    """Configuration and processors of Qwen/Qwen2.5-VL-7B-Instruct."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLProcessor, Qwen2VLImageProcessorFast, Qwen2VLVideoProcessor

    config = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": 3584,
            "intermediate_size": 18944,
            "num_hidden_layers": 28,
            "num_attention_heads": 28,
            "num_key_value_heads": 4,
            "vocab_size": 152064,
            "max_position_embeddings": 128000,
            "rope_theta": 1_000_000.0,
            "rope_scaling": {"rope_type": "default", "type": "mrope", "mrope_section": [16, 24, 24]},
        },
        vision_config={
            "depth": 32,
            "hidden_size": 1280,
            "intermediate_size": 3420,
            "num_heads": 16,
            "out_hidden_size": 3584,
            "patch_size": 14,
            "window_size": 112,
            "fullatt_block_indexes": [7, 15, 23, 31],
        },
        vision_start_token_id=3,
        vision_end_token_id=4,
        image_token_id=5,
        video_token_id=6,
    )
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessorFast(),
        byte_tokenizer("Qwen2TokenizerFast"),
        Qwen2VLVideoProcessor(),
        chat_template=CHAT.replace("IMAGE", QWEN_IMAGE),
    )
    return _written(folder, config, processor)


def _written(folder: Path, config: Any, *parts: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part in (config, *parts):
        part.save_pretrained(folder)
    # The loader wants to see weights; these are made on the device instead.
    (folder / "model.safetensors").touch()
    return folder


def random_model(auto: str, folder: Path, place: Place) -> Any:
    """The model of a folder's configuration with random weights, made on its device."""
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    with torch.device(place.device):
        model = getattr(transformers, auto).from_config(config, dtype=getattr(torch, place.dtype))
    return model.eval().to(place.device)


def vision_operations(config: Any) -> float:
    """Floating-point operations of a picture in a vision transformer: its products of matrices, 2 for each pair."""
    tokens, width = (config.image_size // config.patch_size) ** 2, config.hidden_size
    a_layer = 2 * tokens * (4 * width**2 + 2 * width * config.intermediate_size) + 4 * tokens**2 * width
    patches = 2 * tokens * 3 * config.patch_size**2 * width
    return float(config.num_hidden_layers * a_layer + patches)


def moving_video(path: Path, seconds: int) -> Path:
    """A 720p H.264 file in which every picture differs: a textured plane that slides."""
    import av

    random = np.random.default_rng(0)
    rough = random.integers(0, 256, (90, 200, 3), dtype=np.uint8)
    plane = rough.repeat(16, axis=0).repeat(16, axis=1)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        stream.options = {"preset": "veryfast"}
        stream.time_base = Fraction(1, FPS)
        for number in range(seconds * FPS):
            left, top = number * 3 % 1900, number * 2 % 700
            picture = np.ascontiguousarray(plane[top : top + 720, left : left + 1280])
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode(None))
    return path
