"""Made-up videos as features, with needles: what the frame selection methods are compared on.

A haystack is one frame a second. Scenes of 5 to 60 s (log-normal, median 15 s) each show one of 12 places that come
back, with a look of their own; within a scene the picture drifts (a random walk that returns) under noise. One thing
is shown three times for 2 to 5 s on top of whatever scene is there: these are the needles. Six scenes are decoys:
they show something that shares half of its concept with the thing. One frame in a hundred is blank. Concepts are a
fixed random projection of the picture plus noise, as an embedder's would be. The question is the concept of the
thing with noise: `clear` (cosine about 0.8 to it), `vague` (about 0.45), or `blind` (says nothing about the picture).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.types import FrameFeatures, TimeSpan

SIZE, CONCEPT = 256, 128
PLACES, NEEDLES, DECOYS = 12, 3, 6
NOISE = {"clear": 0.75, "vague": 2.0, "blind": np.inf}
"""Length of the noise added to the question's unit vector."""


@dataclass(frozen=True, eq=False)
class Haystack:
    """Frames, one a second, the spans of the needles, where scenes begin, and the questions' vectors by kind."""

    features: list[FrameFeatures]
    needles: tuple[TimeSpan, ...]
    scene_of: NDArray[np.intp]
    """The number of the scene of each frame."""
    questions: dict[str, NDArray[np.float32]]

    def found(self, chosen: list[int]) -> float:
        """The share of the needles that a chosen frame shows."""
        times = [self.features[index].pts_s for index in chosen]
        return sum(any(needle.contains(t) for t in times) for needle in self.needles) / len(self.needles)

    def spacing_s(self, chosen: list[int]) -> float:
        """Mean time between neighbouring choices, seconds; 0 for fewer than two."""
        times = [self.features[index].pts_s for index in chosen]
        return float(np.diff(times).mean()) if len(times) > 1 else 0.0


def haystack(seconds: int, seed: int) -> Haystack:
    """One haystack; the same for the same seed."""
    random = np.random.default_rng(seed)
    project = np.random.default_rng(1).normal(size=(SIZE, CONCEPT)) / np.sqrt(SIZE)
    scene_of = _scenes(random, seconds)
    vectors = _pictures(random, scene_of)
    thing = _direction(random, SIZE)
    for scene in random.choice(scene_of.max() + 1, min(DECOYS, scene_of.max() + 1), replace=False):
        like = 0.5 * thing + 0.85 * _direction(random, SIZE)
        shown_there = scene_of == scene
        vectors[shown_there] = _as_long(vectors[shown_there] + like, vectors[shown_there])
    needles = _needle_spans(random, seconds)
    for needle in needles:
        shown = slice(int(needle.start_s), int(needle.end_s) + 1)
        vectors[shown] = _as_long(vectors[shown] + thing, vectors[shown])
    concepts = vectors @ project
    concepts += 0.5 * np.linalg.norm(concepts, axis=1, keepdims=True) * _direction(random, (seconds, CONCEPT))
    contrasts = np.where(random.random(seconds) < 0.01, 0.0, 0.2)
    for needle in needles:
        contrasts[int(needle.start_s) : int(needle.end_s) + 1] = 0.2
    vectors[contrasts == 0] = 3 * _direction(random, SIZE)
    asked = _unit(thing @ project)
    features = [
        FrameFeatures(float(s), v, c, contrast=float(light))
        for s, (v, c, light) in enumerate(
            zip(vectors.astype(np.float32), _unit(concepts).astype(np.float32), contrasts, strict=True)
        )
    ]
    return Haystack(features, needles, scene_of, {kind: _asked(random, asked, kind) for kind in NOISE})


def _scenes(random: np.random.Generator, seconds: int) -> NDArray[np.intp]:
    lengths: list[int] = []
    while sum(lengths) < seconds:
        lengths.append(int(np.clip(random.lognormal(np.log(15), 0.7), 5, 60)))
    return np.repeat(np.arange(len(lengths)), lengths)[:seconds]


def _pictures(random: np.random.Generator, scene_of: NDArray[np.intp]) -> NDArray[np.float64]:
    """Place, scene, drift and noise of every frame."""
    count = int(scene_of.max()) + 1
    places = _direction(random, (PLACES, SIZE))
    centres = places[random.integers(PLACES, size=count)] + 0.7 * _direction(random, (count, SIZE))
    drift = np.zeros((len(scene_of), SIZE))
    for second in range(1, len(scene_of)):
        drift[second] = 0.9 * drift[second - 1] + 0.12 * _direction(random, SIZE)
    return np.asarray(centres[scene_of] + drift + 0.25 * _direction(random, drift.shape))


def _needle_spans(random: np.random.Generator, seconds: int) -> tuple[TimeSpan, ...]:
    """One in each third of the video."""
    spans = []
    for part in range(NEEDLES):
        length = int(random.integers(2, 6))
        start = int(random.integers(part * seconds // NEEDLES, (part + 1) * seconds // NEEDLES - length))
        spans.append(TimeSpan(float(start), float(start + length - 1)))
    return tuple(spans)


def _asked(random: np.random.Generator, asked: NDArray[np.float64], kind: str) -> NDArray[np.float32]:
    noise = _direction(random, CONCEPT)
    return _unit(noise if np.isinf(NOISE[kind]) else asked + NOISE[kind] * noise).astype(np.float32)


def _direction(random: np.random.Generator, shape: int | tuple[int, ...]) -> NDArray[np.float64]:
    return _unit(random.normal(size=shape))


def _as_long(rows: NDArray[np.float64], as_these: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same directions with the lengths of other rows: a thing changes what a picture shows, not how much."""
    return np.asarray(_unit(rows) * np.linalg.norm(as_these, axis=-1, keepdims=True))


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))
