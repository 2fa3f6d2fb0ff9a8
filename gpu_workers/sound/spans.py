"""Spans in which a sound is heard, from its probability over time. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.types import SoundSpan, TimeSpan
from gpu_workers.speech.vad import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BEGINS, GOES_ON = 0.5, 0.3
"""A sound begins where it is more likely than the first, and ends where it is less likely than the second."""
SMOOTHED_S = 1.0
"""Probabilities are averaged over this time: a beat or a syllable is no end of music or speech."""
JOINED_S = {"speech": 3.0, "silence": 0.5}
"""Longest interruption of a sound; that of others is in `JOINED_OTHERS_S`."""
JOINED_OTHERS_S = 2.0
LEAST_S = {"speech": 0.5, "silence": 3.0}
"""Shortest span of a sound; that of others is in `LEAST_OTHERS_S`."""
LEAST_OTHERS_S = 2.0
SYLLABLE_S = 0.3
"""Shorter changes of a voice are no pause."""
QUIET = 1e-3
"""Root mean square below which nothing is heard (-60 dB of full scale)."""
STEP_S = 0.1


def sounding(shares: NDArray[np.float32], step_s: float, name: str) -> list[SoundSpan]:
    """Where a sound is heard, from its probability in each step."""
    import numpy as np

    width = max(1, round(SMOOTHED_S / step_s))
    if not len(shares):
        return []
    counts = np.convolve(np.ones(len(shares)), np.ones(width), "same")
    smooth = np.convolve(shares, np.ones(width), "same") / counts
    spans = [(first, last) for first, last in _runs(smooth >= GOES_ON) if float(smooth[first:last].max()) >= BEGINS]
    return _tidied([TimeSpan(a * step_s, b * step_s) for a, b in spans], name, shares, step_s)


def speaking(speech: NDArray[np.float32], singing: NDArray[np.float32], step_s: float) -> list[TimeSpan]:
    """Where somebody speaks rather than sings, with each longer pause left out, from both probabilities over time."""
    import numpy as np

    kernel = np.ones(max(1, round(SYLLABLE_S / step_s)))
    kernel /= len(kernel)
    likely = np.convolve(speech, kernel, "same") if len(speech) else speech
    sung = np.convolve(singing, kernel, "same") if len(singing) else singing
    spans: list[TimeSpan] = []
    for first, end in _runs((likely >= BEGINS) & (likely > sung)):
        span = TimeSpan(first * step_s, end * step_s)
        if spans and span.start_s - spans[-1].end_s <= SYLLABLE_S:
            spans[-1] = spans[-1].hull(span)
        else:
            spans.append(span)
    return [span for span in spans if span.duration_s >= LEAST_S["speech"]]


def silences(sound: NDArray[np.float32]) -> list[SoundSpan]:
    """Where nothing is heard."""
    import numpy as np

    size = round(STEP_S * RATE)
    steps = [float(np.sqrt(np.mean(sound[at : at + size] ** 2))) for at in range(0, len(sound), size)]
    end_s = len(sound) / RATE
    quiet = np.array([step < QUIET for step in steps], bool)
    spans = [TimeSpan(a * STEP_S, min(end_s, b * STEP_S)) for a, b in _runs(quiet)]
    return _tidied(spans, "silence", np.ones(len(steps), np.float32), STEP_S)


def joined(sounds: Sequence[SoundSpan]) -> list[SoundSpan]:
    """The spans in time order, where those of one sound with a short interruption are one."""
    merged: list[SoundSpan] = []
    last: dict[str, int] = {}
    for one in sorted(sounds, key=lambda sound: sound.span):
        at = last.get(one.name)
        gap_s = JOINED_S.get(one.name, JOINED_OTHERS_S)
        if at is not None and one.span.start_s - merged[at].span.end_s <= gap_s:
            before = merged[at]
            merged[at] = SoundSpan(before.span.hull(one.span), one.name, max(before.confidence, one.confidence))
        else:
            last[one.name] = len(merged)
            merged.append(one)
    return merged


def _tidied(spans: Sequence[TimeSpan], name: str, shares: NDArray[np.float32], step_s: float) -> list[SoundSpan]:
    """The spans without short interruptions, and without those that stay too short."""
    tidied = []
    for span in spans:
        inside = shares[round(span.start_s / step_s) : max(1, round(span.end_s / step_s))]
        tidied.append(SoundSpan(span, name, min(1.0, float(inside.mean())) if len(inside) else 0.0))
    least_s = LEAST_S.get(name, LEAST_OTHERS_S)
    return [one for one in joined(tidied) if one.span.duration_s >= least_s]


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First index and end of each run of true values."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
