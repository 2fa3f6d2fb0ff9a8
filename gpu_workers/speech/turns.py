"""Splits voice regions into windows, and joins labelled windows into turns. Knows no model. All times are seconds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.types import TimeSpan, VoiceTurn

WINDOW_S = 1.5
"""In a shorter window, the vector reflects the words more than the voice; in a longer one, quick exchanges blur."""
STEP_S = 0.75
LEAST_REGION_S = 0.4
"""Shorter sounds say nothing about a voice."""


@dataclass(frozen=True, slots=True)
class VoiceWindow:
    """A span whose voice is examined. It represents `share`, which reaches halfway to its neighbours."""

    span: TimeSpan
    share: TimeSpan
    region: int
    """The index of its voice region."""


def windows(regions: Sequence[TimeSpan]) -> list[VoiceWindow]:
    """Windows of at most WINDOW_S, STEP_S apart, that cover each region from its start to its end."""
    cut = []
    for number, region in enumerate(regions):
        if region.duration_s < LEAST_REGION_S:
            continue
        spans = [region]
        steps = round((region.duration_s - WINDOW_S) / STEP_S)
        if steps > 0:
            gap_s = (region.duration_s - WINDOW_S) / steps
            begins = [region.start_s + gap_s * step for step in range(steps + 1)]
            spans = [TimeSpan(begin, begin + WINDOW_S) for begin in begins]
        edges = [(a.middle_s + b.middle_s) / 2 for a, b in itertools.pairwise(spans)]
        starts, ends = [region.start_s, *edges], [*edges, region.end_s]
        cut += [VoiceWindow(s, TimeSpan(a, b), number) for s, a, b in zip(spans, starts, ends, strict=True)]
    return cut


def smoothed(windows: Sequence[VoiceWindow], labels: Sequence[int], alike: Sequence[Sequence[float]]) -> list[int]:
    """The labels, with every single window that differs from both neighbours in its region relabelled.

    Where one voice follows another, the window across the change contains both and often looks like a third voice.
    `alike[i][label]`: the cosine between window i and a voice.
    """
    result = list(labels)
    for i in range(1, len(windows) - 1):
        around = (result[i - 1], labels[i + 1])
        if windows[i - 1].region == windows[i].region == windows[i + 1].region and labels[i] not in around:
            result[i] = max(around, key=lambda label: alike[i][label])
    return result


def turns(windows: Sequence[VoiceWindow], labels: Sequence[int]) -> list[VoiceTurn]:
    """One turn for each run of windows with the same region and label."""
    joined: list[VoiceTurn] = []
    last = -1
    for window, label in zip(windows, labels, strict=True):
        if joined and window.region == last and joined[-1].voice == label:
            joined[-1] = VoiceTurn(joined[-1].span.hull(window.share), label)
        else:
            joined.append(VoiceTurn(window.share, label))
        last = window.region
    return joined
