"""What a pass over the pictures of a video found, and its packed form, which is stored and sent."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import numpy as np

from app.core.types import FrameFeatures


@dataclass(frozen=True)
class Sampled:
    """What the pass over the pictures found, in time order."""

    features: list[FrameFeatures]
    """Of every frame that differs from the one before."""
    text_s: list[float]
    """The times of those that may hold text."""
    blank_s: list[float]
    """The times of those that hold none; of a long video not every frame is looked at for text."""


def packed(sampled: Sampled) -> bytes:
    """As arrays; vectors and concepts as float16."""
    buffer = io.BytesIO()
    features = sampled.features
    np.savez(
        buffer,
        times=np.array([f.pts_s for f in features]),
        vectors=np.array([f.vector for f in features], np.float16),
        concepts=np.array([f.concept for f in features], np.float16),
        light=np.array([(f.brightness, f.contrast) for f in features], np.float32).reshape(-1, 2),
        text=np.array(sampled.text_s),
        blank=np.array(sampled.blank_s),
        tags=np.frombuffer(json.dumps([f.tags for f in features]).encode(), np.uint8),
    )
    return buffer.getvalue()


def unpacked(payload: bytes) -> Sampled:
    """What `packed` packed."""
    with np.load(io.BytesIO(payload)) as data:
        times, light = data["times"], data["light"]
        vectors, concepts = data["vectors"].astype(np.float32), data["concepts"].astype(np.float32)
        tags, text_s, blank_s = json.loads(data["tags"].tobytes()), data["text"].tolist(), data["blank"].tolist()
    features = [
        FrameFeatures(
            float(times[i]),
            vectors[i],
            concepts[i],
            tuple((name, float(p)) for name, p in tags[i]),
            float(light[i, 0]),
            float(light[i, 1]),
        )
        for i in range(len(times))
    ]
    return Sampled(features, text_s, blank_s)
