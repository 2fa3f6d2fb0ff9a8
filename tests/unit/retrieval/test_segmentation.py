from __future__ import annotations

import itertools
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.types import TimeSpan
from retrieval.segmentation import cut, scene_borders


def frames_of_scenes(lengths: list[int], noise: float = 0.05, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = np.repeat(random.standard_normal((len(lengths), 64)), lengths, axis=0)
    return centres + noise * random.standard_normal(centres.shape)


def test_each_change_of_scene_gives_one_border_between_its_frames() -> None:
    assert scene_borders(range(60), frames_of_scenes([20, 15, 25])) == [19.5, 34.5]


def test_a_video_of_equal_frames_has_no_border() -> None:
    assert scene_borders(range(100), np.ones((100, 8))) == []


def test_a_blank_video_has_no_border() -> None:
    assert scene_borders(range(100), np.zeros((100, 8))) == []


def test_faint_noise_is_not_a_scene() -> None:
    assert scene_borders(range(200), frames_of_scenes([200], noise=0.02)) == []


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_frames_have_no_border(n: int) -> None:
    assert scene_borders(range(n), np.eye(3)[:n]) == []


def test_borders_lie_close_to_the_new_scene_when_equal_frames_were_left_out() -> None:
    times = [0.0, 1.0, 2.0, 3.0, 60.0, 61.0, 62.0, 63.0]
    assert scene_borders(times, frames_of_scenes([4, 4])) == [59.5]


def test_more_than_fifteen_scenes_are_found_in_a_long_video() -> None:
    assert len(scene_borders(range(1200), frames_of_scenes([20] * 60))) == 59


@pytest.mark.parametrize("first", [1023, 1024, 1025])
def test_a_scene_may_begin_anywhere_in_a_long_video(first: int) -> None:
    assert scene_borders(range(first + 100), frames_of_scenes([first, 100])) == [first - 0.5]


def test_finding_scenes_needs_little_memory_beside_the_vectors() -> None:
    vectors = [np.full(512, n % 7, np.float32) for n in range(20_000)]
    tracemalloc.start()
    scene_borders(range(20_000), vectors)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < sum(one.nbytes for one in vectors)


def test_a_flash_of_one_frame_gives_one_border() -> None:
    vectors = frames_of_scenes([30, 1, 30])
    vectors[31:] = vectors[0]
    assert len(scene_borders(range(61), vectors)) == 1


def test_times_that_do_not_fit_the_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="3 times do not fit 4 vectors"):
        scene_borders([0, 1, 2], np.ones((4, 2)))


@given(
    st.lists(st.floats(0.01, 5.0), min_size=0, max_size=40),
    st.integers(0, 10_000),
)
def test_borders_ascend_and_lie_between_the_first_and_the_last_frame(steps: list[float], seed: int) -> None:
    times = list(itertools.accumulate(steps, initial=0.0))
    vectors = np.random.default_rng(seed).standard_normal((len(times), 3))
    borders = scene_borders(times, vectors)
    assert borders == sorted(set(borders))
    assert all(times[0] < b < times[-1] for b in borders)


gaps_and_lengths = st.lists(st.tuples(st.floats(0, 8), st.floats(0.1, 45)), max_size=40)


def sentences_from(parts: list[tuple[float, float]]) -> list[TimeSpan]:
    spans, now = [], 0.0
    for gap, length in parts:
        spans.append(TimeSpan(now + gap, now + gap + length))
        now += gap + length
    return spans


@settings(max_examples=150, deadline=None)
@given(st.floats(0.1, 1500), st.lists(st.floats(-5, 1600), max_size=40), gaps_and_lengths)
def test_pieces_cover_the_video_are_not_too_short_and_leave_sentences_whole(
    duration: float, scenes: list[float], parts: list[tuple[float, float]]
) -> None:
    sentences = sentences_from(parts)
    pieces = cut(duration, scenes, sentences, min_s=10, max_s=30)
    assert pieces[0].start_s == 0
    assert pieces[-1].end_s == duration
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(pieces))
    assert len(pieces) == 1 or all(p.duration_s >= 10 - 1e-9 for p in pieces)
    for sentence in sentences:
        if min(sentence.end_s, duration) - sentence.start_s <= 30:
            assert not any(sentence.start_s + 1e-9 < p.end_s < min(sentence.end_s, duration) - 1e-9 for p in pieces)


@settings(max_examples=80, deadline=None)
@given(st.floats(31, 2000), st.lists(st.floats(0, 2000), max_size=60))
def test_without_speech_no_piece_is_longer_than_the_limit(duration: float, scenes: list[float]) -> None:
    assert all(p.duration_s <= 30 + 1e-9 for p in cut(duration, scenes, [], min_s=10, max_s=30))


@settings(max_examples=80, deadline=None)
@given(st.floats(31, 1000), st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 8)), max_size=100))
def test_with_ordinary_sentences_no_piece_is_longer_than_the_limit(
    duration: float, parts: list[tuple[float, float]]
) -> None:
    assert all(p.duration_s <= 30 + 1e-9 for p in cut(duration, [], sentences_from(parts), min_s=10, max_s=30))


@settings(max_examples=80, deadline=None)
@given(
    st.floats(1, 400),
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 60)), max_size=30),
    st.floats(0.5, 20),
    st.floats(1, 3),
)
def test_overlapping_sentences_and_odd_limits_still_give_a_cover(
    duration: float, spans: list[tuple[float, float]], min_s: float, ratio: float
) -> None:
    sentences = [TimeSpan(start, start + length) for start, length in spans]
    pieces = cut(duration, [], sentences, min_s=min_s, max_s=min_s * ratio)
    assert (pieces[0].start_s, pieces[-1].end_s) == (0, duration)
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(pieces))
    assert len(pieces) == 1 or all(p.duration_s >= min_s - 1e-9 for p in pieces)


def test_a_border_of_scene_and_sentence_is_preferred_to_either_alone() -> None:
    sentences = [TimeSpan(0, 14), TimeSpan(14.5, 20), TimeSpan(20.5, 40)]
    pieces = cut(40, [14.2, 17.0], sentences, min_s=10, max_s=30)
    assert [p.end_s for p in pieces] == [14.2, 40]


def test_a_scene_border_inside_a_sentence_moves_to_the_gap_beside_it() -> None:
    sentences = [TimeSpan(0.5, 9), TimeSpan(9.4, 17.9), TimeSpan(18.1, 25), TimeSpan(25.2, 38)]
    pieces = cut(38, [17.5], sentences, min_s=10, max_s=30)
    assert pieces[0].end_s == pytest.approx(18.0)


def test_a_sentence_longer_than_the_limit_is_cut() -> None:
    pieces = cut(100, [], [TimeSpan(2, 98)], min_s=10, max_s=30)
    assert all(10 <= p.duration_s <= 30 for p in pieces)


def test_a_video_shorter_than_the_least_length_is_one_piece() -> None:
    assert cut(4.0, [2.0], [TimeSpan(1, 3)], min_s=10, max_s=30) == [TimeSpan(0, 4.0)]


def test_a_video_without_length_has_no_piece() -> None:
    assert cut(0.0, [], [], min_s=10, max_s=30) == []


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="min_s <= max_s"):
        cut(100, [], [], min_s=30, max_s=10)


def test_four_hours_take_less_than_two_seconds() -> None:
    vectors = frames_of_scenes([12] * 1200).astype(np.float32)
    sentences = [TimeSpan(4.0 * i, 4.0 * i + 3.7) for i in range(3600)]
    started = time.process_time()
    borders = scene_borders(range(14_400), vectors)
    pieces = cut(14_400, borders, sentences, min_s=10, max_s=30)
    assert time.process_time() - started < 2
    assert 14_400 / 30 <= len(pieces) <= 14_400 / 10


@pytest.mark.parametrize("longer_s", [0.0, 5.0])
def test_a_hundred_thousand_sentences_in_a_minute_take_seconds(longer_s: float) -> None:
    sentences = [TimeSpan(i / 2000, min(60.0, i / 2000 + 0.0005 + longer_s)) for i in range(100_000)]
    started = time.process_time()
    pieces = cut(60, [20.0], sentences, min_s=10, max_s=30)
    assert time.process_time() - started < 10
    assert pieces[0].start_s == 0 and pieces[-1].end_s == 60
