"""Captions without a captioning model: what was recognised, which colours, how bright, how much it moves.

Each sentence states a measurement and no more. A class is named only when the classifier is sure of
it, because many frames show nothing that ImageNet has a name for.
"""

from __future__ import annotations

import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from app.core.settings import Settings
from app.core.types import Caption, Frame, FrameFeatures, TimeSpan
from gpu_workers.vision import colours

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

MODEL = "offline-tags"
SURE = 0.6
"""Classes at least this probable are named."""
CLASSES_TOLD = 3
GRID = (54, 96)
"""Colours and motion are measured on copies of this height and width, in pixels."""
MAIN_SHARE = 0.2
ACCENT_SHARE = 0.007
"""A coloured thing counts from this share of one picture on: an apple in a hand, a sleeve at the edge."""
ACCENTS_TOLD = 5
BORDER_SHARE = 0.8
DARK, BRIGHT = 0.2, 0.8
BLANK_CONTRAST = 0.02
STILL, FAST = 0.01, 0.12
"""Mean change of grey values between neighbouring frames, full scale 1."""


class OfflineTagsCaptioner:
    """Captioner of the offline profile. Loads nothing."""

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> OfflineTagsCaptioner:  # noqa: ARG003
        """The same for all settings."""
        return cls()

    @property
    def model(self) -> str:
        """The name that marks these captions as composed."""
        return MODEL

    def caption(self, frames: Sequence[Frame], features: Sequence[FrameFeatures], span: TimeSpan) -> Caption:
        """A few short sentences; an empty text when there are no frames. `tags`: classes, then colours."""
        classes = sure_classes(features)
        if not frames:
            return Caption(span, "", MODEL, tuple(classes))
        grids = [_shrunk(frame) for frame in frames]
        mains, accents = _colours(grids)
        border = _border(frames)
        where = {"": "", "centre": " in the centre", "top": " at the top", "bottom": " at the bottom"}
        phrases = [f"{name}{where.get(place, f' on the {place}')}" for name, place in accents]
        parts = [
            *([f"mostly {_listed(mains)}"] if mains else []),
            *([f"some {_listed(phrases)}"] if phrases else []),
            *([f"a {border} border"] if border else []),
        ]
        sentences = [
            f"Looks like: {_listed(classes)}." if classes else "",
            f"Colours: {', '.join(parts)}." if parts else "",
            *_light_and_motion(grids),
        ]
        tags = dict.fromkeys([*classes, *mains, *(name for name, _ in accents), *([border] if border else [])])
        return Caption(span, " ".join(sentence for sentence in sentences if sentence), MODEL, tuple(tags))


def sure_classes(features: Sequence[FrameFeatures]) -> list[str]:
    """Classes that at least one frame shows beyond doubt, most probable first."""
    best: dict[str, float] = defaultdict(float)
    for name, probability in itertools.chain.from_iterable(feature.tags for feature in features):
        best[name] = max(best[name], probability)
    ordered = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    return [name for name, probability in ordered if probability >= SURE][:CLASSES_TOLD]


def _shrunk(frame: Frame) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    return np.asarray(Image.fromarray(frame.image).resize((GRID[1], GRID[0]), Image.Resampling.BOX))


def _colours(grids: Sequence[NDArray[np.uint8]]) -> tuple[list[str], list[tuple[str, str]]]:
    """Colours that fill much of the pictures, and (colour, place) of smaller coloured things."""
    named = [colours.colour_names(grid) for grid in grids]
    parts = [colours.shares(words) for words in named]
    mean = {name: statistics.fmean(part.get(name, 0.0) for part in parts) for name in colours.NAMES}
    mains = sorted((name for name in mean if mean[name] >= MAIN_SHARE), key=lambda name: -mean[name])
    accents = []
    for name in colours.NAMES:
        index = max(range(len(parts)), key=lambda i: parts[i].get(name, 0.0))
        share = parts[index].get(name, 0.0)
        if name not in mains and name not in colours.GREYS and share >= ACCENT_SHARE:
            accents.append((share, name, colours.place_of(named[index] == colours.NAMES.index(name))))
    accents.sort(reverse=True)
    return mains, [(name, place) for _, name, place in accents[:ACCENTS_TOLD]]


def _border(frames: Sequence[Frame]) -> str:
    """The colour of a frame drawn around all pictures, or "" when there is none."""
    import numpy as np

    found = set()
    for frame in frames:
        height, width = frame.image.shape[:2]
        thick = max(1, round(0.006 * min(height, width)))
        sides = (frame.image[:thick], frame.image[-thick:], frame.image[:, :thick], frame.image[:, -thick:])
        named = [colours.shares(colours.colour_names(np.ascontiguousarray(side))) for side in sides]
        name = max(named[0], key=lambda word: named[0][word])
        even = all(side.get(name, 0.0) >= BORDER_SHARE for side in named)
        inside = colours.shares(colours.colour_names(_shrunk(frame))).get(name, 0.0)
        found.add(name if even and inside < BORDER_SHARE / 2 else "")
    return found.pop() if len(found) == 1 else ""


def _light_and_motion(grids: Sequence[NDArray[np.uint8]]) -> list[str]:
    """How bright the pictures are, where that is unusual, and how much they change."""
    sentences = []
    mean = statistics.fmean(float(grid.mean()) / 255 for grid in grids)
    if max(float(grid.std()) / 255 for grid in grids) < BLANK_CONTRAST:
        sentences.append("Blank picture.")
    elif mean < DARK:
        sentences.append("Dark picture.")
    elif mean > BRIGHT:
        sentences.append("Bright picture.")
    if len(grids) > 1:
        grey = [grid.mean(axis=2) / 255 for grid in grids]
        changes = [float(abs(after - before).mean()) for before, after in itertools.pairwise(grey)]
        if max(changes) < STILL:
            sentences.append("Still picture.")
        else:
            sentences.append(f"The picture changes {'much' if statistics.median(changes) > FAST else 'little'}.")
    return sentences


def _listed(names: Iterable[str]) -> str:
    words = list(names)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
