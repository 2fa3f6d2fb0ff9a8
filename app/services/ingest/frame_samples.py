"""The result of a pass over the pictures of a video, and its packed form, which is stored and sent."""

from __future__ import annotations

import io
import itertools
import json
from dataclasses import dataclass, field

import numpy as np

from app.core.types import FrameFeatures

_SAME_PICTURE = 0.9995
"""Cosine of the vectors of two frames that show the same; they are stored as float16."""
_SAME_LIGHT = 0.005


@dataclass(frozen=True)
class Sampled:
    """The result of the pass over the pictures, in time order."""

    features: list[FrameFeatures]
    """Of every frame that differs from the one before."""
    text_s: list[float]
    """The times of those that may hold text."""
    blank_s: list[float]
    """The times of those that hold none; of a long video not every frame is looked at for text."""
    damaged_s: list[float] = field(default_factory=list)
    """The times of frames that the decoder could not decode in full."""


def repeats(sampled: Sampled) -> frozenset[float]:
    """The times of frames that show the same as the one before, such as those with which a chunk begins.

    A frame that may hold text is none: two pages of text look alike to a model of pictures.
    """
    texts, features = set(sampled.text_s), sampled.features
    repeated = set()
    for one, other in itertools.pairwise(features):
        same_light = abs(one.brightness - other.brightness) + abs(one.contrast - other.contrast) < _SAME_LIGHT
        lengths = float(np.linalg.norm(one.vector) * np.linalg.norm(other.vector))
        same_picture = lengths == 0 or float(one.vector @ other.vector) >= _SAME_PICTURE * lengths
        if same_light and same_picture and other.pts_s not in texts:
            repeated.add(other.pts_s)
    return frozenset(repeated)


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
        damaged=np.array(sampled.damaged_s),
        tags=np.frombuffer(json.dumps([f.tags for f in features]).encode(), np.uint8),
    )
    return buffer.getvalue()


def unpacked(payload: bytes) -> Sampled:
    """What `packed` packed."""
    with np.load(io.BytesIO(payload)) as data:
        times, light = data["times"], data["light"]
        vectors, concepts = data["vectors"].astype(np.float32), data["concepts"].astype(np.float32)
        tags, text_s, blank_s = json.loads(data["tags"].tobytes()), data["text"].tolist(), data["blank"].tolist()
        damaged_s = data["damaged"].tolist() if "damaged" in data else []  # older ones do not know
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
    return Sampled(features, text_s, blank_s, damaged_s)
