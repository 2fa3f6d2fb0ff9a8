"""Gives every scene and every sentence its time. Frames are the unit, so picture and sound agree."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.sample.script import Scene
from benchmarks.sample.voice import Spoken

FPS = 25
GOP = 50
"""Frames from one key frame to the next, at most."""
_LEAD_S, _GAP_S, _TAIL_S = 0.6, 0.45, 0.8


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence in place. The clip of sound starts at `sound_s`; the voice is heard from start to end."""

    text: str
    sound_s: float
    start_s: float
    end_s: float
    spoken: Spoken


@dataclass(frozen=True, slots=True)
class Shot:
    """One scene in place: `gops` groups of `gop_frames` frames each."""

    scene: Scene
    first_frame: int
    gops: int
    gop_frames: int
    lines: tuple[Line, ...]

    @property
    def frames(self) -> int:
        """How many frames it lasts."""
        return self.gops * self.gop_frames

    @property
    def start_s(self) -> float:
        """When its first frame is shown."""
        return self.first_frame / FPS

    @property
    def end_s(self) -> float:
        """When the next scene begins."""
        return (self.first_frame + self.frames) / FPS


def lay_out(scenes: Sequence[Scene], spoken: Mapping[str, Spoken]) -> list[Shot]:
    """The scenes one after another. Sentences that `spoken` does not hold take no time (no narration)."""
    shots: list[Shot] = []
    frame = 0
    for scene in scenes:
        shot = _shot(scene, frame, spoken)
        shots.append(shot)
        frame += shot.frames
    return shots


def hide(needles: Sequence[tuple[Scene, float]], scenes: Sequence[Scene], spoken: Mapping[str, Spoken]) -> list[Scene]:
    """The scenes with each needle put at the border nearest to its depth (0 start, 1 end)."""
    result = list(scenes)
    for needle, depth in sorted(needles, key=lambda item: -item[1]):
        shots = lay_out(scenes, spoken)
        borders = [shot.start_s for shot in shots] + [shots[-1].end_s]
        place = min(range(len(borders)), key=lambda index: abs(borders[index] - depth * borders[-1]))
        result.insert(place, needle)
    return result


def _shot(scene: Scene, first: int, spoken: Mapping[str, Spoken]) -> Shot:
    """A shot's length is a multiple of its group's: a still repeats one group, a clip its whole groups."""
    start, now = first / FPS, _LEAD_S
    lines = []
    for text in scene.say:
        if text in spoken:
            one = spoken[text]
            at = start + now
            lines.append(Line(text, at, at + one.voice_start_s, at + one.voice_end_s, one))
            now += one.duration_s + _GAP_S
    seconds = max(scene.hold_s, now - _GAP_S + _TAIL_S if lines else 3.0 if scene.say else 0.0, 1.0)
    frames = math.ceil(seconds * FPS)
    gops = math.ceil(frames / GOP)
    gop_frames = GOP if scene.show == "clip" else math.ceil(frames / gops)
    return Shot(scene, first, gops, gop_frames, tuple(lines))
