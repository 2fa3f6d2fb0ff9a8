"""Windows cover what is spoken, and labelled windows become turns."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.types import TimeSpan, VoiceTurn
from gpu_workers.speech.turns import LEAST_REGION_S, STEP_S, WINDOW_S, VoiceWindow, smoothed, turns, windows


@given(st.lists(st.tuples(st.floats(0.1, 9), st.floats(LEAST_REGION_S + 0.01, 30)), max_size=8))
def test_windows_cover_each_region_and_their_shares_cut_it_without_gaps(steps):
    regions, at = [], 0.0
    for pause, length in steps:
        regions.append(TimeSpan(at + pause, at + pause + length))
        at = regions[-1].end_s
    found = windows(regions)
    for number, region in enumerate(regions):
        own = [window for window in found if window.region == number]
        assert own[0].share.start_s == region.start_s and own[-1].share.end_s == region.end_s
        assert own[-1].span.end_s == pytest.approx(region.end_s)
        for before, after in itertools.pairwise(own):
            assert before.share.end_s == after.share.start_s
            assert after.span.start_s - before.span.start_s <= STEP_S * 1.5 + 1e-9
        assert all(window.span.duration_s <= WINDOW_S * 1.25 + 1e-9 for window in own)


def test_a_cough_has_no_window():
    assert windows([TimeSpan(1.0, 1.2)]) == []


def four(regions):
    spans = [TimeSpan(float(i), i + 1.0) for i in range(4)]
    return [VoiceWindow(span, span, region) for span, region in zip(spans, regions, strict=True)]


def test_a_window_over_a_change_is_not_a_third_voice():
    alike = [[1, 0, 0], [0.3, 0.4, 0.5], [0, 1, 0], [0, 1, 0]]
    assert smoothed(four([0, 0, 0, 0]), [0, 2, 1, 1], alike) == [0, 1, 1, 1]


def test_a_short_answer_between_pauses_keeps_its_voice():
    alike = [[1, 0]] * 4
    assert smoothed(four([0, 1, 2, 2]), [0, 1, 0, 0], alike) == [0, 1, 0, 0]


def test_a_turn_is_a_run_of_one_voice_in_one_region():
    made = turns(four([0, 0, 0, 1]), [0, 0, 1, 1])
    assert made == [VoiceTurn(TimeSpan(0, 2), 0), VoiceTurn(TimeSpan(2, 3), 1), VoiceTurn(TimeSpan(3, 4), 1)]
