"""Where somebody speaks, and how that is cut into the pieces that Whisper reads. All times are seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from app.core.types import TimeSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 16_000
"""Samples a second of all sound in Longreel."""

WINDOW_S = 28.0
"""Longest piece: Whisper reads 30 s at a time, and a little is kept for rounding."""

BREATH_S = 0.3
"""Shortest part of speech that is read although only the second detector hears it. A shorter gap is no pause."""

JOINED_PAUSE_S = 3.0
"""Voice on both sides of a shorter pause is read together: each piece costs a whole 30 s of encoding."""


def voice_regions(samples: NDArray[np.float32]) -> list[TimeSpan]:
    """Voiced spans in time order, none longer than WINDOW_S, by the Silero model that faster-whisper carries.

    whisperX would use pyannote's segmentation. On the ten minutes of a film without speech, with one
    thread, Silero took 0.8 s and found no voice; pyannote took 17.8 s and found 22 regions. On 120 s of
    narration both found the same voice, in 0.15 s and 3.4 s. Pyannote also takes 2 s more to load.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=0.5,
        min_speech_duration_ms=100,
        max_speech_duration_s=WINDOW_S,
        min_silence_duration_ms=300,
        speech_pad_ms=200,
    )
    regions = get_speech_timestamps(samples, options)
    return [TimeSpan(region["start"] / RATE, region["end"] / RATE) for region in regions]


def with_missed(voice: Sequence[TimeSpan], speech: Sequence[TimeSpan]) -> list[TimeSpan]:
    """The voiced regions, and those spans in which only another detector hears speech."""
    return sorted([*voice, *unread(speech, voice, at_least_s=BREATH_S)])


def windows(voice: Sequence[TimeSpan]) -> list[TimeSpan]:
    """Consecutive regions joined over short pauses, up to WINDOW_S each. Longer regions are divided evenly."""
    return regrouped(voice, WINDOW_S, JOINED_PAUSE_S)


def regrouped(voice: Sequence[TimeSpan], at_most_s: float, pause_s: float) -> list[TimeSpan]:
    """Regions joined over pauses of up to `pause_s` as long as they stay short enough; longer ones divided evenly."""
    joined: list[TimeSpan] = []
    for region in (part for long in voice for part in divided(long, at_most_s)):
        near = joined and region.start_s - joined[-1].end_s <= pause_s
        if near and region.end_s - joined[-1].start_s <= at_most_s:
            joined[-1] = joined[-1].hull(region)
        else:
            joined.append(region)
    return joined


def divided(region: TimeSpan, at_most_s: float) -> list[TimeSpan]:
    """A region in equal parts that are not too long."""
    count = max(1, math.ceil(region.duration_s / at_most_s - 1e-6))
    edges = [region.start_s + region.duration_s * number / count for number in range(count)] + [region.end_s]
    return [TimeSpan(start, end) for start, end in pairwise(edges)]


def unread(voice: Sequence[TimeSpan], words: Sequence[TimeSpan], *, at_least_s: float) -> list[TimeSpan]:
    """The voiced stretches without a word that last `at_least_s`: Whisper sometimes stops before the end of a piece.

    Stretches are limited by voice regions and by words; both sequences are in time order.
    """
    missed: list[TimeSpan] = []
    for region in voice:
        position = region.start_s
        for word in words:
            if word.end_s <= position or word.start_s >= region.end_s:
                continue
            if word.start_s - position >= at_least_s:
                missed.append(TimeSpan(position, word.start_s))
            position = max(position, word.end_s)
        if region.end_s - position >= at_least_s:
            missed.append(TimeSpan(position, region.end_s))
    return missed


def voiced_share(span: TimeSpan, voice: Sequence[TimeSpan]) -> float:
    """Which part of a span is voice, 0 to 1; for an instant whether it lies in a voice region."""
    if span.duration_s <= 0:
        return float(any(region.contains(span.start_s) for region in voice))
    return min(1.0, sum(region.intersection_s(span) for region in voice) / span.duration_s)
