"""Spoken sound with known turns, and how far a diarization is from the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.types import TimeSpan

RATE = 16_000
STEP_S = 0.01
Truth = list[tuple[TimeSpan, str]]


def resampled(sound: NDArray[np.float32], ratio: float) -> NDArray[np.float32]:
    """The sound `ratio` times as long; the voice becomes that much deeper and slower, like a larger person's."""
    at = np.arange(int(len(sound) * ratio)) / ratio
    return np.interp(at, np.arange(len(sound)), sound).astype(np.float32)


def narrated(sentences: Sequence[str], folder: Path) -> list[NDArray[np.float32]]:
    """Sentences by the narrator of the samples, at RATE, without silence around them. Slow the first time."""
    from benchmarks.sample import voice

    spoken = voice.speak(sentences, folder, lambda count: None)
    found = []
    for sentence in sentences:
        one = spoken[sentence]
        sound = voice.samples(one.path)[int(one.voice_start_s * voice.RATE) : int(one.voice_end_s * voice.RATE)]
        found.append(resampled((sound / 32768).astype(np.float32), RATE / voice.RATE))
    return found


def conversation(turns: Sequence[tuple[str, NDArray[np.float32]]], pause_s: float) -> tuple[NDArray[np.float32], Truth]:
    """The turns one after another over a soft hiss, and who speaks when."""
    pause = np.zeros(round(pause_s * RATE), np.float32)
    pieces, truth, at = [pause], [], len(pause)
    for who, sound in turns:
        truth.append((TimeSpan(at / RATE, (at + len(sound)) / RATE), who))
        pieces += [sound / max(1e-6, float(np.abs(sound).max())) * 0.5, pause]
        at += len(sound) + len(pause)
    whole = np.concatenate(pieces)
    return whole + 0.0005 * np.random.default_rng(1).normal(size=len(whole)).astype(np.float32), truth


def error_rate(truth: Truth, found: Truth, collar_s: float = 0.25) -> float:
    """Diarization error rate: missed, false and confused seconds as a share of what is spoken.

    Names are matched one to one for the least error (NIST md-eval); times within the collar of a true border do
    not count.
    """
    from scipy.optimize import linear_sum_assignment

    frames = int(max(span.end_s for span, _ in [*truth, *found]) / STEP_S) + 1
    true, guessed = _frames(truth, frames), _frames(found, frames)
    counted = np.ones(frames, bool)
    for span, _ in truth:
        for border in (span.start_s, span.end_s):
            counted[max(0, round((border - collar_s) / STEP_S)) : round((border + collar_s) / STEP_S)] = False
    together = np.array([[np.sum(a & b & counted) for b in guessed.values()] for a in true.values()])
    rows, columns = linear_sum_assignment(-together) if together.size else ((), ())
    right = sum(together[r, c] for r, c in zip(rows, columns, strict=True))
    spoken = np.any(list(true.values()), axis=0) & counted
    heard = np.any(list(guessed.values()), axis=0) & counted if guessed else np.zeros(frames, bool)
    return float((np.sum(spoken | heard) - right) / np.sum(spoken))


def _frames(turns: Truth, count: int) -> Mapping[str, NDArray[np.bool_]]:
    found = {who: np.zeros(count, bool) for _, who in turns}
    for span, who in turns:
        found[who][round(span.start_s / STEP_S) : round(span.end_s / STEP_S)] = True
    return found
