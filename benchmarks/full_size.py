"""Models of their real sizes with random weights, and a video that moves, for measuring speed without downloads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from gpu_workers import torch_worker
from gpu_workers.device import Device
from tests.tiny_models import QWEN_CHAT, byte_tokenizer

FPS = 25
MINUTE = 60


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
        chat_template=QWEN_CHAT,
    )
    return _written(folder, config, processor)


def qwen3_embedding(folder: Path) -> Path:
    """Configuration of Qwen/Qwen3-Embedding-0.6B, with a tokenizer of bytes."""
    from transformers import Qwen3Config

    config = Qwen3Config(
        hidden_size=1024,
        intermediate_size=3072,
        num_hidden_layers=28,
        num_attention_heads=16,
        num_key_value_heads=8,
        head_dim=128,
        vocab_size=151669,
        max_position_embeddings=32768,
        tie_word_embeddings=True,
    )
    return _written(folder, config, byte_tokenizer("Qwen2TokenizerFast"))


def _written(folder: Path, config: Any, *parts: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part in (config, *parts):
        part.save_pretrained(folder)
    # The loader wants to see weights; these are made on the device instead.
    (folder / "model.safetensors").touch()
    return folder


def random_model(auto: str, folder: Path, place: Device) -> Any:
    """The model of a folder's configuration with random weights, made on its device."""
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    with torch.device(place.device):
        model = getattr(transformers, auto).from_config(config, dtype=getattr(torch, place.dtype))
    return model.eval().to(place.device)


@contextmanager
def random_weights() -> Iterator[None]:
    """Lets every model that is loaded inside have random weights."""
    kept, torch_worker.from_folder = torch_worker.from_folder, random_model
    try:
        yield
    finally:
        torch_worker.from_folder = kept


def vision_operations(config: Any) -> float:
    """Floating-point operations of a picture in a vision transformer: its products of matrices, 2 for each pair."""
    tokens, width = (config.image_size // config.patch_size) ** 2, config.hidden_size
    a_layer = 2 * tokens * (4 * width**2 + 2 * width * config.intermediate_size) + 4 * tokens**2 * width
    patches = 2 * tokens * 3 * config.patch_size**2 * width
    return float(config.num_hidden_layers * a_layer + patches)


def moving_video(path: Path, seconds: int) -> Path:
    """A 720p H.264 file in which every picture differs: a textured plane that slides; every minute is the same."""
    import av

    if seconds <= MINUTE:
        return _minute(path, seconds)
    part = _minute(path.with_suffix(".minute.mp4"), MINUTE)
    with av.open(str(part)) as source, av.open(str(path), "w") as file:
        stream = source.streams.video[0]
        copy = file.add_stream_from_template(stream)
        for number in range(seconds // MINUTE):
            source.seek(0)
            later = round(number * MINUTE / stream.time_base)
            for packet in source.demux(stream):
                if packet.dts is not None:
                    packet.pts, packet.dts, packet.stream = packet.pts + later, packet.dts + later, copy
                    file.mux(packet)
    part.unlink()
    return path


def _minute(path: Path, seconds: int) -> Path:
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
