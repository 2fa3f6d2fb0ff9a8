"""Probabilities over time become spans that a person would name."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.types import SoundSpan, TimeSpan
from gpu_workers.sound.spans import joined, sounding, speaking


def shares(*parts):
    """Probabilities in steps of 0.1 s, from pairs of seconds and a probability."""
    return np.concatenate([np.full(round(seconds * 10), share, np.float32) for seconds, share in parts])


def spans(found):
    return [(round(one.span.start_s), round(one.span.end_s)) for one in found]


def test_music_with_a_short_pause_is_one_span():
    assert spans(sounding(shares((5, 0), (10, 0.9), (1, 0.1), (10, 0.9), (5, 0)), 0.1, "music")) == [(5, 26)]
    assert spans(sounding(shares((10, 0.9), (8, 0.1), (10, 0.9)), 0.1, "music")) == [(0, 10), (18, 28)]


def test_a_doubtful_sound_goes_on_but_does_not_begin():
    assert spans(sounding(shares((5, 0), (5, 0.9), (5, 0.4), (5, 0)), 0.1, "music")) == [(5, 15)]
    assert sounding(shares((5, 0), (5, 0.4), (5, 0)), 0.1, "music") == []


def test_a_moment_is_no_music_and_no_sound_is_no_span():
    assert sounding(shares((5, 0), (0.8, 1.0), (5, 0)), 0.1, "music") == []
    assert sounding(np.zeros(0, np.float32), 0.1, "music") == []


def test_spans_of_neighbouring_chunks_are_one_and_other_sounds_stay_apart():
    found = joined(
        [
            SoundSpan(TimeSpan(110, 120), "music", 0.8),
            SoundSpan(TimeSpan(112, 118), "speech", 0.9),
            SoundSpan(TimeSpan(120, 130), "music", 0.9),
            SoundSpan(TimeSpan(140, 150), "music", 0.7),
        ]
    )
    assert [one.name for one in found] == ["music", "speech", "music"]
    assert spans(found) == [(110, 130), (112, 118), (140, 150)]
    assert found[0].confidence == pytest.approx(0.9)


def test_speech_is_found_without_pauses_and_without_singing():
    speech = shares((2, 0.9), (0.2, 0.1), (2, 0.9), (1, 0.0), (3, 0.8), (2, 0.0), (0.2, 0.9))
    singing = shares((5.2, 0.0), (3, 0.95), (2.2, 0.0))
    assert spans_of(speaking(speech, singing, 0.1)) == [(0, 4)]
    assert spans_of(speaking(speech, np.zeros_like(singing), 0.1)) == [(0, 4), (5, 8)]


def spans_of(found):
    return [(round(span.start_s), round(span.end_s)) for span in found]
