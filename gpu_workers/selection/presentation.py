"""Ways to show chosen frames to a vision-language model: one by one, or several in one picture.

interleaved  each frame after its time, the format in which models date things best
grid         IG-VLM (arXiv 2403.18406): six frames in one picture, 3 across and 2 down
thumbnail    TS-LLaVA (arXiv 2411.11066): six frames in one picture, then all frames scaled down
slowfast     SlowFast-LLaVA (arXiv 2407.15841): a few full-size frames, then all of them very small, many to a picture

The last two papers drop or pool tokens inside the model; here pixels are reduced instead, which works with any model.
Every frame keeps its true time, in the text before its picture and in `PresentedPicture.times_s`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.core.types import Frame
from gpu_workers.selection.blank import evenly
from gpu_workers.selection.pictures import laid_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID = (3, 2)
"""Cells across and down of IG-VLM's grid, which is also TS-LLaVA's thumbnail."""
SAMPLED = 0.1
"""The share of each frame's pixels that TS-LLaVA uses: 2,880 of 50 x 576 tokens."""
SLOW = 10
"""Frames that SlowFast shows at full size."""
FAST = (5, 4)
"""Cells in a picture of fast frames; each is about a twentieth of a frame, like 16 of 288 tokens."""


@dataclass(frozen=True, slots=True, eq=False)
class PresentedPicture:
    """One picture for a model, the text before it, and the true times of the frames in it, row by row."""

    text: str
    image: NDArray[np.uint8]
    times_s: tuple[float, ...]


def interleaved(frames: Sequence[Frame]) -> list[PresentedPicture]:
    """Each frame after its time."""
    return [PresentedPicture(_time(frame.pts_s), frame.image, (frame.pts_s,)) for frame in frames]


def grid(frames: Sequence[Frame]) -> list[PresentedPicture]:
    """Six frames per picture, each picture as large as six frames; a single frame is shown as it is."""
    return _sheets(frames, GRID, 1.0)


def thumbnail(frames: Sequence[Frame]) -> list[PresentedPicture]:
    """Six evenly spaced frames in one frame-sized picture, then every frame with a tenth of its pixels."""
    across, down = GRID
    if len(frames) <= 1:
        return interleaved(frames)
    small = []
    for frame in frames:
        height, width = (max(1, round(side * SAMPLED**0.5)) for side in frame.image.shape[:2])
        small.append(Frame(frame.pts_s, _fitted(frame.image, height, width)))
    return [*_sheets(evenly_spaced(frames, across * down), GRID, 1 / across), *interleaved(small)]


def slowfast(frames: Sequence[Frame]) -> list[PresentedPicture]:
    """Ten evenly spaced frames at full size; if there are more, then all frames small, twenty to a picture."""
    slow = interleaved(evenly_spaced(frames, SLOW))
    return slow if len(frames) <= SLOW else [*slow, *_sheets(frames, FAST, 1 / FAST[0])]


PRESENTATIONS: dict[str, Callable[[Sequence[Frame]], list[PresentedPicture]]] = {
    "interleaved": interleaved,
    "grid": grid,
    "thumbnail": thumbnail,
    "slowfast": slowfast,
}
"""The presentations by their names in settings."""


def evenly_spaced(frames: Sequence[Frame], count: int) -> list[Frame]:
    """The middle frame of each of `count` equal parts; all if there are no more than that."""
    return [frames[place] for place in evenly(range(len(frames)), count)]


def _sheets(frames: Sequence[Frame], cells: tuple[int, int], scale: float) -> list[PresentedPicture]:
    """Frames side by side on white, each scaled into a cell the size of the smallest frame of its picture times
    `scale`; a single frame is shown as it is."""
    pictures = []
    each = cells[0] * cells[1]
    for some in (frames[start : start + each] for start in range(0, len(frames), each)):
        if len(some) == 1:
            pictures += interleaved(some)
            continue
        height = max(1, round(min(frame.image.shape[0] for frame in some) * scale))
        width = max(1, round(min(frame.image.shape[1] for frame in some) * scale))
        across = min(cells[0], len(some))
        sheet = laid_out([_fitted(frame.image, height, width) for frame in some], across, height, width, 255)
        times = tuple(frame.pts_s for frame in some)
        text = f"{len(some)} moments of the video in one picture, row by row: {', '.join(map(_time, times))}"
        pictures.append(PresentedPicture(text, sheet, times))
    return pictures


def _fitted(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """The picture scaled down to fit, in its own aspect ratio; never enlarged."""
    from PIL import Image

    scale = min(1.0, height / image.shape[0], width / image.shape[1])
    if scale == 1.0:
        return image
    size = (max(1, int(image.shape[1] * scale + 1e-6)), max(1, int(image.shape[0] * scale + 1e-6)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def _time(time_s: float) -> str:
    return f"t={time_s:.1f}s"
