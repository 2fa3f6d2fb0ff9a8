"""Voice regions become the pieces that Whisper reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.types import TimeSpan
from gpu_workers.speech.vad import WINDOW_S, unread, voice_regions, voiced_share, windows, with_missed


def spans(*pairs):
    return [TimeSpan(*pair) for pair in pairs]


def test_short_pauses_are_read_through_and_long_ones_are_not():
    assert windows(spans((0, 2), (3, 5), (20, 22))) == spans((0, 5), (20, 22))


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, WINDOW_S)), max_size=20))
def test_windows_cover_all_voice_and_none_is_too_long(steps):
    regions, at = [], 0.0
    for pause, length in steps:
        regions.append(TimeSpan(at + pause, at + pause + length))
        at = regions[-1].end_s
    found = windows(regions)
    assert all(window.duration_s <= WINDOW_S + 1e-9 for window in found)
    assert all(any(w.start_s <= r.start_s and r.end_s <= w.end_s for w in found) for r in regions)


def test_a_region_that_is_too_long_is_read_in_equal_windows():
    assert windows(spans((0, 1), (10, 60))) == spans((0, 1), (10, 35), (35, 60))


def test_speech_that_only_the_second_detector_hears_is_read_too():
    voice, speech = spans((0, 4), (5, 6)), spans((0.5, 5.5), (8, 10), (6.1, 6.2))
    assert with_missed(voice, sorted(speech)) == spans((0, 4), (4, 5), (5, 6), (8, 10))


def test_voice_without_words_is_found_before_between_and_after_them():
    voice = spans((0, 10), (20, 23))
    words = spans((3, 4), (4, 5), (9, 9.5))
    assert unread(voice, words, at_least_s=2.0) == spans((0, 3), (5, 9), (20, 23))


def test_voice_that_was_read_is_not_read_again():
    assert unread(spans((0, 3)), spans((0.1, 1), (1.2, 2.8)), at_least_s=2.0) == []


def test_the_voiced_share_of_a_span():
    voice = spans((0, 1), (2, 3))
    assert voiced_share(TimeSpan(0, 4), voice) == 0.5
    assert voiced_share(TimeSpan(2.5, 2.5), voice) == 1.0
    assert voiced_share(TimeSpan(5, 6), voice) == 0.0


@pytest.mark.slow
def test_noise_and_silence_have_no_voice():
    noise = np.random.default_rng(0).normal(size=160_000).astype(np.float32) * 0.1
    assert voice_regions(noise) == []
    assert voice_regions(np.zeros(160_000, np.float32)) == []
