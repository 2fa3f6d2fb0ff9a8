"""Voice regions become windows, and windows with labels become turns. Knows no model. All times are seconds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.types import TimeSpan, VoiceTurn

WINDOW_S = 1.5
"""Shorter, a vector tells more of the words than of the voice; longer, quick exchanges blur."""
STEP_S = 0.75
LEAST_REGION_S = 0.4
"""Shorter sounds tell nothing of a voice."""


@dataclass(frozen=True, slots=True)
class VoiceWindow:
    """A stretch whose voice is looked at. It stands for `share`, half way to its neighbours."""

    span: TimeSpan
    share: TimeSpan
    region: int
    """Which voice region it lies in."""


def windows(regions: Sequence[TimeSpan]) -> list[VoiceWindow]:
    """Windows of at most WINDOW_S, STEP_S apart, that cover each region from its start to its end."""
    found = []
    for number, region in enumerate(regions):
        if region.duration_s < LEAST_REGION_S:
            continue
        spans = _spans(region)
        edges = [(a.middle_s + b.middle_s) / 2 for a, b in itertools.pairwise(spans)]
        starts, ends = [region.start_s, *edges], [*edges, region.end_s]
        found += [VoiceWindow(s, TimeSpan(a, b), number) for s, a, b in zip(spans, starts, ends, strict=True)]
    return found


def _spans(region: TimeSpan) -> list[TimeSpan]:
    steps = round((region.duration_s - WINDOW_S) / STEP_S)
    if steps <= 0:
        return [TimeSpan(region.start_s, region.end_s)]
    gap = (region.duration_s - WINDOW_S) / steps
    starts = [region.start_s + gap * step for step in range(steps + 1)]
    return [TimeSpan(start, start + WINDOW_S) for start in starts]


def smoothed(windows: Sequence[VoiceWindow], labels: Sequence[int], alike: Sequence[Sequence[float]]) -> list[int]:
    """Labels without single windows that differ from what is before and after them in the same region.

    Where one voice follows another, the window over the change hears both and is often taken for a third.
    `alike[i][label]`: the cosine of window i and a voice.
    """
    result = list(labels)
    for i in range(1, len(windows) - 1):
        around = (result[i - 1], labels[i + 1])
        if windows[i - 1].region == windows[i].region == windows[i + 1].region and labels[i] not in around:
            result[i] = max(around, key=lambda label: alike[i][label])
    return result


def turns(windows: Sequence[VoiceWindow], labels: Sequence[int]) -> list[VoiceTurn]:
    """One turn for each run of windows of one region and one label."""
    found: list[VoiceTurn] = []
    last = -1
    for window, label in zip(windows, labels, strict=True):
        if found and window.region == last and found[-1].voice == label:
            found[-1] = VoiceTurn(found[-1].span.hull(window.share), label)
        else:
            found.append(VoiceTurn(window.share, label))
        last = window.region
    return found
