"""Finds where a video changes its topic: the boundaries of its chapters.

The idea of TextTiling (Hearst, Computational Linguistics 23(1), 1997) on sentence embeddings: at the start of each
sentence, what is said before it is compared with what is said after it, and a border lies where the likeness falls
deepest below the peaks on both sides. What editors do at a new chapter counts too: they put up a new slide or a title.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.types import SegmentKind, TimeSpan

WINDOW_S = 60.0
"""How much to compare before and after a boundary."""
CHAPTER_MIN_S = 45.0
CHAPTER_MEAN_S = 60.0
"""Chapters are this long at least on average, so that a short clip is one."""
MOST_CHAPTERS = 24
CLEAR = 0.5
"""A border stands out from the mean of all places by this many standard deviations, as in TextTiling."""
SLIDE, TITLE = 0.5, 1.5
"""Standard deviations that a new text on the screen is worth, and one that is short enough for a title."""
TITLE_LINES, TITLE_WORDS = 2, 10
NEAR_S = 2.0
"""A text on the screen belongs to what is said when they begin within this time; pictures are looked at each second."""


@dataclass(frozen=True)
class Sentence:
    """Something said, written or shown that a summary may use."""

    span: TimeSpan
    kind: SegmentKind
    text: str
    frame_s: float | None = None
    quote: str = ""
    """The verbatim text, if `text` only describes it."""
    speaker: str | None = None

    @property
    def is_title(self) -> bool:
        """Whether it stands on the screen alone, in few words."""
        few = len(self.text.split("\n")) <= TITLE_LINES and len(self.text.split()) <= TITLE_WORDS
        return self.kind is SegmentKind.SCREEN_TEXT and few


def chapter_spans(duration_s: float, sentences: Sequence[Sentence], vectors: NDArray[np.float32]) -> list[TimeSpan]:
    """Chapters that cover the video without a gap. `vectors`: (n, dimensions), one for each sentence."""
    most = min(MOST_CHAPTERS, int(duration_s / CHAPTER_MEAN_S)) - 1
    apart_s = max(CHAPTER_MIN_S, duration_s / (2 * MOST_CHAPTERS))
    starts = np.unique([s.span.start_s for s in sentences if 0.0 < s.span.start_s < duration_s])
    borders: list[float] = []
    if most > 0 and len(starts):
        likeness = _likeness(starts, sentences, vectors)
        # How far each place lies below the peaks that are reached by climbing to the left and to the right.
        depths = _climbed(likeness) + _climbed(likeness[::-1])[::-1] - 2 * likeness
        marks = np.zeros(len(starts))  # what a new text on the screen adds to the places where it appears
        for sentence in sentences:
            if sentence.kind is SegmentKind.SCREEN_TEXT:
                near = np.abs(starts - sentence.span.start_s) <= NEAR_S
                marks[near] = np.maximum(marks[near], TITLE if sentence.is_title else SLIDE)
        score = (depths - depths.mean()) / (depths.std() or 1.0) + marks
        clear = score.mean() + CLEAR * score.std()
        for place in np.argsort(-score, kind="stable"):
            if len(borders) >= most or score[place] < clear:
                break
            time_s = float(starts[place])
            if all(abs(time_s - other) >= apart_s for other in (0.0, duration_s, *borders)):
                borders.append(time_s)
    return [TimeSpan(a, b) for a, b in itertools.pairwise([0.0, *sorted(borders), duration_s])]


def _likeness(
    starts: NDArray[np.float64], sentences: Sequence[Sentence], vectors: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Cosine between the windows before and after each start; 0 if one is empty."""
    middles = np.array([s.span.middle_s for s in sentences])
    order = np.argsort(middles, kind="stable")
    middles = middles[order]
    sums = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors[order], axis=0, dtype=np.float64)])
    here = np.searchsorted(middles, starts)
    before = sums[here] - sums[np.searchsorted(middles, starts - WINDOW_S)]
    after = sums[np.searchsorted(middles, starts + WINDOW_S)] - sums[here]
    sizes = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    likeness = np.zeros(len(starts))
    np.divide((before * after).sum(axis=1), sizes, out=likeness, where=sizes > 0)
    return likeness


def _climbed(likeness: NDArray[np.float64]) -> NDArray[np.float64]:
    peaks: list[float] = []
    for place, value in enumerate(likeness):
        rising = place > 0 and likeness[place - 1] >= value
        peaks.append(peaks[-1] if rising else float(value))
    return np.array(peaks, np.float64)
