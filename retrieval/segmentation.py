"""Where a video is cut: scene borders from frame vectors, and pieces of 10 to 30 s from scenes and sentences.

Scenes follow SceneTiling (Wang et al., VideoLLaMB, 2024), which carries TextTiling (Hearst, 1997) over to
frames: a border lies where the likeness of neighbouring frames dips deeper than usual. Pieces are the cheapest
way through all allowed cuts, found by dynamic programming. Pure numpy.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.core.types import TimeSpan

Floats = NDArray[np.float64]

MIN_DEPTH = 0.03
"""Dips shallower than this are noise: they would be borders in a video whose frames are all alike."""
MIN_SCENE_S = 2.0
"""Of two borders closer than this only the deeper is kept, so that their number grows with the video's length."""

_BLOCK = 1024
"""Frames that are compared at once: as doubles, the vectors of ten hours take a gigabyte."""
_SCENE, _SENTENCE, _QUIET, _INSIDE_EDGE, _INSIDE = 0.0, 1.0, 2.0, 4.0, 6.0
"""Costs of a cut: at a scene border between sentences, between sentences, in a long silence, where one of several
overlapping sentences begins or ends, and inside a sentence that is too long for one piece."""
_TOO_LONG = 20.0
_SNAP_S = 1.0
"""Scene borders are known to about one sampling step; one this close to a gap between sentences counts as in it."""
_CROWDED_S = 0.1
_TOUCH_S = 0.05
"""Word times are no more exact than this: sentences that overlap by less follow each other."""


def scene_borders(
    times_s: Sequence[float], vectors: Sequence[NDArray[np.floating]] | NDArray[np.floating]
) -> list[float]:
    """Times in seconds, ascending, at which a new scene begins; empty for fewer than three frames.

    A frame's depth is how far its likeness to the next falls below the nearest peaks on both sides.
    `times_s` ascends and need not be regular; `vectors` has one row a frame, of any length.
    A border is put half a usual step before the first frame of the new scene.
    """
    times = np.asarray(times_s, dtype=np.float64)
    if len(times) != len(vectors):
        raise ValueError(f"{len(times)} times do not fit {len(vectors)} vectors")
    if len(times) < 3:
        return []
    cosines: Floats = np.empty(len(times) - 1)
    for first in range(0, len(cosines), _BLOCK):
        rows = np.asarray(vectors[first : first + _BLOCK + 1], dtype=np.float64)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        unit = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
        likeness = np.einsum("ij,ij->i", unit[:-1], unit[1:])
        blank = lengths[:, 0] == 0
        likeness[blank[:-1] & blank[1:]] = 1.0
        cosines[first : first + _BLOCK] = np.clip(likeness, -1.0, 1.0)
    depths = _left_peaks(cosines) + _left_peaks(cosines[::-1])[::-1] - 2 * cosines
    threshold = max(float(depths.mean() + 0.5 * depths.std()), MIN_DEPTH)
    steps = np.diff(times)
    borders = times[1:] - np.minimum(steps, float(np.median(steps))) / 2
    kept: list[float] = []
    last_depth = 0.0
    for i in np.flatnonzero(depths > threshold):
        border, depth = float(borders[i]), float(depths[i])
        if not kept or border - kept[-1] >= MIN_SCENE_S:
            kept.append(border)
            last_depth = depth
        elif depth > last_depth:
            kept[-1], last_depth = border, depth
    return kept


def _left_peaks(values: Floats) -> Floats:
    peaks = values.copy()
    for i in range(1, len(values)):
        if values[i - 1] >= values[i]:
            peaks[i] = peaks[i - 1]
    return peaks


def cut(
    duration_s: float,
    scene_borders_s: Sequence[float],
    sentences: Sequence[TimeSpan],
    *,
    min_s: float,
    max_s: float,
) -> list[TimeSpan]:
    """Pieces in time order that cover 0 to `duration_s` without gap or overlap; none for a duration of zero.

    A piece is at least `min_s` long unless the whole video is shorter. It is at most `max_s` long unless only a
    cut through a sentence could keep it so: a sentence is cut only when it is longer than `max_s` itself, and
    sentences that overlap count as one. Raises ValueError unless 0 < min_s <= max_s.
    """
    if not 0 < min_s <= max_s:
        raise ValueError(f"pieces need 0 < min_s <= max_s, got {min_s} and {max_s}")
    if duration_s <= 0:
        return []
    if duration_s <= min_s:
        return [TimeSpan(0.0, duration_s)]
    candidates = _candidates(duration_s, scene_borders_s, sentences, max_s)
    times = np.array([0.0, *sorted(candidates), duration_s])
    costs = np.array([0.0, *(candidates[t] for t in sorted(candidates)), 0.0])
    borders = _cheapest(times, costs, min_s, max_s)
    return [TimeSpan(start, end) for start, end in pairwise(borders)]


@dataclass(slots=True)
class _Block:
    """A run of sentences that overlap each other: nothing is cut inside unless it is too long."""

    start_s: float
    end_s: float
    edges: list[float]


def _blocks(duration_s: float, sentences: Sequence[TimeSpan]) -> list[_Block]:
    blocks: list[_Block] = []
    for span in sorted(sentences):
        start, end = span.start_s, min(span.end_s, duration_s)
        if start >= end:
            continue
        if blocks and start < blocks[-1].end_s - _TOUCH_S:
            blocks[-1].end_s = max(blocks[-1].end_s, end)
            blocks[-1].edges += (start, end)
        else:
            blocks.append(_Block(start, end, [start, end]))
    return blocks


def _candidates(
    duration_s: float, scene_borders_s: Sequence[float], sentences: Sequence[TimeSpan], max_s: float
) -> dict[float, float]:
    """Every time that may be cut, strictly inside the video, with its cost.

    Where there are many, only the cheapest of every tenth of a second: to compare them all would take hours.
    """
    step = max_s / 12
    scenes = sorted(map(float, scene_borders_s))
    blocks = _blocks(duration_s, sentences)
    edges = [0.0, *(t for block in blocks for t in (block.start_s, block.end_s)), duration_s]
    costs: dict[float, float] = {}
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        _add_gap(costs, start, end, step, scenes)
    for block in blocks:
        if block.end_s - block.start_s > max_s:
            for t in (*block.edges, *_within(scenes, block.start_s, block.end_s)):
                _offer(costs, t, _INSIDE_EDGE)
            for t in np.arange(block.start_s + step, block.end_s, step):
                _offer(costs, float(t), _INSIDE)
    inside = {t: cost for t, cost in costs.items() if 0 < t < duration_s}
    if len(inside) <= duration_s / _CROWDED_S:
        return inside
    cheapest: dict[int, tuple[float, float]] = {}
    for t, cost in inside.items():
        place = int(t / _CROWDED_S)
        cheapest[place] = min(cheapest.get(place, (cost, t)), (cost, t))
    return {t: cost for cost, t in cheapest.values()}


def _add_gap(costs: dict[float, float], start: float, end: float, step: float, scenes: Sequence[float]) -> None:
    inside = _within(scenes, start, end)
    for t in inside:
        _offer(costs, t, _SCENE)
    near = not inside and bool(_within(scenes, start - _SNAP_S, end + _SNAP_S))
    if end - start <= step:
        _offer(costs, (start + end) / 2, _SCENE if near else _SENTENCE)
        return
    for t in (start, end):
        _offer(costs, t, _SCENE if _within(scenes, t - _SNAP_S, t + _SNAP_S) else _SENTENCE)
    for t in np.arange(start + step, end, step):
        _offer(costs, float(t), _QUIET)


def _within(sorted_times: Sequence[float], start: float, end: float) -> Sequence[float]:
    return sorted_times[bisect_left(sorted_times, start) : bisect_right(sorted_times, end)]


def _offer(costs: dict[float, float], time_s: float, cost: float) -> None:
    costs[time_s] = min(cost, costs.get(time_s, cost))


def _cheapest(times: Floats, costs: Floats, min_s: float, max_s: float) -> list[float]:
    """The borders, first and last time included, with the least sum of cut costs and unwanted lengths."""
    total = np.full(len(times), np.inf)
    total[0] = 0.0
    before = np.zeros(len(times), dtype=np.intp)
    # Closing a piece at the first cut after min_s, and giving a short rest to the last piece, stays below this.
    reach = max_s + 2 * min_s + max_s / 6
    first = np.searchsorted(times, times - reach)
    last = np.searchsorted(times, times - min_s, side="right")
    target = (min_s + max_s) / 2
    for i in range(1, len(times)):
        low, high = int(first[i]), int(last[i])
        if low >= high:
            continue
        lengths = times[i] - times[low:high]
        too_long = np.maximum(lengths - max_s, 0.0)
        unwanted = ((lengths - target) / target) ** 2 + np.where(too_long > 1e-9, _TOO_LONG + too_long, 0.0)
        sums = total[low:high] + unwanted
        best = int(np.argmin(sums))
        total[i] = sums[best] + costs[i]
        before[i] = low + best
    path = [len(times) - 1]
    while path[-1] != 0:
        path.append(int(before[path[-1]]))
    return [float(times[i]) for i in reversed(path)]
