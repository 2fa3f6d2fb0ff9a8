"""What a mode may see of a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.core.types import VideoStream, text_tokens

FRAMES, MANY_FRAMES, LONG_S = 32, 64, 300.0
SIDES = (768, 512, 384)
"""Longest sides of the frames of a prompt, in pixels: the largest with which they take at most half of it."""
_PIXELS_A_TOKEN = 750
"""Rough and on the safe side."""


class Subtitles(StrEnum):
    """How much of what is said may be read."""

    ALL = "all"
    FRAMES = "frames"
    """Only what is said while a frame that is shown is on the screen, as Video-MME and LongVideoBench do."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ModeMaterial:
    """What a mode may use of each video."""

    frames: int | None = None
    """Frames that one question may see; None: as each mode has it, and for one prompt 32, or 64 of a video of more
    than five minutes."""
    subtitles: Subtitles = Subtitles.ALL
    official: bool = False
    """Whether `no-agent` sends the benchmark's own prompt and nothing else."""

    def count(self, duration_s: float) -> int:
        """How many frames one prompt shows of a video of this length."""
        return (MANY_FRAMES if duration_s > LONG_S else FRAMES) if self.frames is None else self.frames

    def at_most(self, usual: int) -> int:
        """How many frames an agent shows that usually shows so many."""
        return usual if self.frames is None else min(usual, self.frames)

    def __str__(self) -> str:
        frames = "32 or 64 frames" if self.frames is None else f"{self.frames} frames"
        return f"{frames}, subtitles: {self.subtitles}" + (", official prompt" if self.official else "")


DEFAULT = ModeMaterial()


def evenly(duration_s: float, count: int) -> list[float]:
    """The middles of `count` equal parts of a video, in seconds."""
    return [(part + 0.5) * duration_s / count for part in range(count)]


def fitting_frames(stream: VideoStream, count: int, tokens: int) -> tuple[int, int]:
    """How many frames fit into so many tokens, and their longest side; small ones before few."""
    longest = max(stream.width, stream.height)
    sizes = {side: frame_tokens(stream.width * side / longest, stream.height * side / longest) for side in SIDES}
    side = next((side for side, size in sizes.items() if count * size <= tokens), SIDES[-1])
    return max(1, min(count, tokens // sizes[side])), side


def fitting_lines(lines: Sequence[str], tokens: int) -> list[str]:
    """As many lines as fit, left out evenly."""
    size = sum(map(text_tokens, lines))
    count = len(lines) if size <= tokens else int(len(lines) * max(0, tokens) / size)
    chosen = [lines[int(place)] for place in evenly(len(lines), count)] if count else []
    while chosen and sum(map(text_tokens, chosen)) > tokens:
        count -= 1
        chosen = [lines[int(place)] for place in evenly(len(lines), count)] if count else []
    return chosen


def frame_tokens(one_side: float, other_side: float) -> int:
    """How many tokens a picture takes, roughly."""
    return int(one_side * other_side / _PIXELS_A_TOKEN) + 1
