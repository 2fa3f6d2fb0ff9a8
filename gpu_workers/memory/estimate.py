"""Estimates a model's memory from its files or its name, before anything is loaded or downloaded."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from gpu_workers.device import Device
from gpu_workers.weights import hub

NUMBER = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0}
"""Bytes per number."""
QUANTISED = {"8bit": 1.0, "4bit": 0.5 + 4 / 64}
"""Bytes per quantised number; 4bit adds one float32 for every 64."""
MILLIONS = {
    "google/siglip2-base-patch16-224": 375,
    "google/siglip2-so400m-patch14-384": 1136,
    "HuggingFaceTB/SmolVLM2-500M-Video-Instruct": 507,
    "Qwen/Qwen2.5-VL-7B-Instruct": 8292,
    "Qwen/Qwen3-VL-8B-Instruct": 8767,
    "Qwen/Qwen3-8B": 8191,
    "Qwen/Qwen3-Embedding-0.6B": 596,
    "google/owlv2-base-patch16-ensemble": 155,
    "IDEA-Research/grounding-dino-tiny": 172,
    "Systran/faster-whisper-small": 244,
    "deepdml/faster-whisper-large-v3-turbo-ct2": 809,
    "pyannote/speaker-diarization-community-1": 8,
}
"""Parameters of the models named in profiles and docs; other names contain theirs, as in "-7B"."""
TYPICAL = {"hidden": 4096, "intermediate": 12288, "layers": 36, "kv": 1024, "vocabulary": 152064, "tokens": 729}
"""Layer sizes of the 8B models: a safe guess when the configuration is not on this machine."""


@dataclass(frozen=True, slots=True)
class ModelLoad:
    """A model's input at once. `reads` is in tokens; 0 for encoders, which use the tokens of a picture."""

    batch: int
    reads: int = 0
    writes: bool = False
    """Whether it holds a cache of keys and values while it writes."""


def weight_bytes(weights: str, place: Device) -> int | None:
    """Memory for the weights on a device; None if neither the files nor the name show it."""
    folder = hub.here(weights)
    shapes = dict(tensors(folder)) if folder is not None else {}
    if shapes:
        total = 0.0
        for name, shape in shapes.items():
            # AWQ packs into 32 bits; bitsandbytes quantises linear layers except the last.
            packed = name.endswith((".qweight", ".qzeros"))
            linear = len(shape) == 2 and not re.search(r"embed|lm_head|norm|position", name)
            quantised = QUANTISED.get(place.quantisation) if linear else None
            total += prod(shape) * (4.0 if packed else quantised or NUMBER[place.dtype])
        return int(total)
    name = weights.partition("@")[0]
    size = re.search(r"(?<![\d.])(\d+(?:\.\d+)?)([bm])(?![a-z])", name.rpartition("/")[2].lower())
    if name in MILLIONS:
        count = MILLIONS[name] * 1e6
    elif size:
        count = float(size[1]) * {"b": 1e9, "m": 1e6}[size[2]]
    else:
        return None
    bits = "4bit" if weights.lower().endswith("-awq") else place.quantisation
    return int(count * (QUANTISED.get(bits) or NUMBER[place.dtype]))


def working_bytes(weights: str, place: Device, work: ModelLoad) -> int:
    """An estimate of the memory for a batch, besides the weights.

    This counts the keys and values of every layer, plus the input, attention and feed-forward values of one layer at
    a time. Attention takes no memory that grows with the square of the tokens.
    """
    size = sizes(weights)
    tokens = work.batch * (work.reads or size["tokens"])
    cache = 2 * size["layers"] * size["kv"] * tokens if work.writes else 0
    passing = tokens * (6 * size["hidden"] + 2 * size["intermediate"])
    last = 2 * work.batch * size["vocabulary"] if work.writes else 0
    return int((cache + passing + last) * NUMBER[place.dtype])


def sizes(weights: str) -> dict[str, int]:
    """Layer sizes from the configuration if the weights are on this machine, else typical ones."""
    folder = hub.here(weights)
    if folder is None or not (folder / "config.json").is_file():
        return dict(TYPICAL)
    from transformers import AutoConfig

    try:
        whole = AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError):
        return dict(TYPICAL)
    text, seen = whole.get_text_config(), getattr(whole, "vision_config", whole)
    hidden, heads = _first(text, "hidden_size", "d_model"), _first(text, "num_attention_heads") or 1
    side = _first(seen, "image_size") // (_first(seen, "patch_size") or 1)
    return {
        "hidden": max(hidden, _first(seen, "hidden_size", "d_model")),
        "intermediate": max(_first(part, "intermediate_size", "encoder_ffn_dim") for part in (text, seen)),
        "layers": _first(text, "num_hidden_layers", "encoder_layers"),
        "kv": (_first(text, "num_key_value_heads") or heads) * (_first(text, "head_dim") or hidden // heads),
        "vocabulary": _first(text, "vocab_size"),
        "tokens": side * side or TYPICAL["tokens"],
    }


def tensors(place: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The name and shape of every tensor in safetensors files, from their headers alone; skips damaged files."""
    for file in sorted(place.glob("*.safetensors")) if place.is_dir() else [place]:
        if file.suffix != ".safetensors":
            continue
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8).ljust(8, b"\0"))
            try:
                header: dict[str, Any] = json.loads(stream.read(length)) if length < file.stat().st_size else {}
            except ValueError:
                continue
        for name, entry in header.items():
            if name != "__metadata__":
                yield name, tuple(int(side) for side in entry["shape"])


def _first(config: Any, *keys: str) -> int:
    """The first of these keys that holds an integer in the configuration, else 0."""
    values = (getattr(config, key, None) for key in keys)
    return next((value for value in values if isinstance(value, int)), 0)
