"""How loud a sound track is over time, and where to cut it. Pure: no decoder here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.core.types import TimeSpan

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP_S = 0.1
SOUNDING = 1e-4
"""Root mean square below which there is nothing to hear (-80 dB of full scale)."""
SEARCH_S = 10.0
"""A cut may move this far to fall into a quiet place."""
_PAUSE_STEPS = 5
"""Quiet is judged over half a second: a single quiet step may lie inside a word."""


class LoudnessMeter:
    """Takes samples in any portions and keeps one root mean square for each STEP_S."""

    def __init__(self, sample_rate: int) -> None:
        self._step = round(sample_rate * STEP_S)
        self._done: list[NDArray[np.float32]] = []
        self._open_sum = 0.0
        self._open_count = 0

    def add(self, samples: NDArray[np.float32]) -> None:
        """The next samples, shape (n,)."""
        squares = np.square(samples, dtype=np.float64)
        head = min(len(squares), self._step - self._open_count)
        self._open_sum += float(squares[:head].sum())
        self._open_count += head
        if self._open_count < self._step:
            return
        whole = (len(squares) - head) // self._step
        body = squares[head : head + whole * self._step].reshape(whole, self._step).sum(axis=1)
        sums = np.concatenate([[self._open_sum], body])
        self._done.append(np.sqrt(sums / self._step).astype(np.float32))
        tail = squares[head + whole * self._step :]
        self._open_sum, self._open_count = float(tail.sum()), len(tail)

    def result(self) -> NDArray[np.float32]:
        """Loudness so far, shape (steps,); a last step that is not full counts for what it has."""
        last = [np.float32((self._open_sum / self._open_count) ** 0.5)] if self._open_count else []
        return np.concatenate([*self._done, np.asarray(last, dtype=np.float32)], dtype=np.float32)


def quiet_cuts(loudness: NDArray[np.float32], end_s: float, chunk_s: float) -> tuple[TimeSpan, ...]:
    """Consecutive spans from 0 to `end_s`, within SEARCH_S of `chunk_s` long except the last, cut where it is quiet.

    The last is at least SEARCH_S long (unless it is the only one) and at most `chunk_s` + SEARCH_S.
    """
    search_s = min(SEARCH_S, chunk_s / 3)
    spans: list[TimeSpan] = []
    start_s = 0.0
    while end_s - start_s > chunk_s + search_s:
        around_s, latest_s = start_s + chunk_s, end_s - search_s
        first = round((around_s - search_s) / STEP_S)
        last = min(round(min(around_s + search_s, latest_s) / STEP_S), len(loudness))
        window = np.asarray(loudness[max(0, first - _PAUSE_STEPS) : last + _PAUSE_STEPS], dtype=np.float64)
        smooth = np.convolve(window, np.ones(_PAUSE_STEPS) / _PAUSE_STEPS, mode="same")
        centres = (np.arange(len(smooth)) + max(0, first - _PAUSE_STEPS) + 0.5) * STEP_S
        inside = (centres >= around_s - search_s) & (centres <= min(around_s + search_s, latest_s))
        cut_s = min(around_s, latest_s)
        if inside.any():
            smooth, centres = smooth[inside], centres[inside]
            quiet = centres[smooth <= smooth.min() + 1e-6]
            cut_s = round(float(quiet[np.argmin(np.abs(quiet - around_s))]), 3)
        spans.append(TimeSpan(start_s, cut_s))
        start_s = cut_s
    return (*spans, TimeSpan(start_s, end_s)) if end_s > 0 else ()
