"""Joints, false times and losses are told apart by the packets around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_workers.media.timeline import AHEAD_S, BACK_S, PacketTable, losses, timeline

STEP_S = 0.04
SIZE = 1000


def table(*times_s: float, lost_before: int | None = None, damaged: range = range(0)) -> PacketTable:
    """One stream of packets of a thousand bytes; `lost_before` is a row before which bytes are missing."""
    count = len(times_s)
    position = np.arange(count, dtype=np.int64) * SIZE
    if lost_before is not None:
        position[lost_before:] += 300 * SIZE
    return PacketTable(
        stream=np.zeros(count, np.int16),
        position=position,
        size=np.full(count, SIZE, np.int64),
        decoded_s=np.array(times_s),
        shown_s=np.array(times_s),
        duration_s=np.full(count, STEP_S),
        is_key=np.ones(count, bool),
        is_damaged=np.isin(np.arange(count), damaged),
    )


def run(start_s: float, count: int = 100) -> list[float]:
    return [start_s + number * STEP_S for number in range(count)]


@pytest.mark.parametrize(("second_s", "step_s"), [(0.0, -3.96), (3600.0, 3596.04), (2.0, -1.96)])
def test_a_part_with_times_of_its_own_follows_the_part_before_it(second_s, step_s):
    line = timeline(table(*run(0.0), *run(second_s)), may_be_joined=True)
    assert len(line.parts) == 2 and not line.false_times
    joint = line.parts[1]
    assert joint.first_byte == 100 * SIZE and joint.step_s == pytest.approx(step_s)
    assert joint.start_s == pytest.approx(4.0) and joint.shift_s == pytest.approx(4.0 - second_s)
    assert line.part_at(99 * SIZE).shift_s == 0.0 and line.part_at(150 * SIZE) == joint


@pytest.mark.parametrize("false_s", [36_000.0, 3.9, 2.8, 0.1])
def test_a_single_packet_with_a_false_time_changes_nothing_else(false_s):
    times = run(0.0)
    times[50] = false_s
    line = timeline(table(*times), may_be_joined=True)
    assert len(line.parts) == 1 and line.false_times == {50}


@pytest.mark.parametrize("later_s", [4.0, 8.0])
def test_a_stream_that_first_appears_in_a_part_that_changed_places_makes_no_pause(later_s):
    """Pictures, then a part of pictures and sound from later in the file, then both from where the pictures were."""
    pictures = [*run(0.0, 10), *run(later_s, 10), *run(0.4, 90)]
    mixed = table(*pictures[:10], *(time_s for time_s in pictures[10:] for _ in range(2)))
    sound = np.array([False] * 10 + [True, False] * 100)
    line = timeline(replace(mixed, stream=sound.astype(np.int16)), may_be_joined=True)
    assert line.parts[-1].start_s == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize(("first", "second", "size"), [(40, 200, 60), (100, 160, 50), (10, 230, 30), (60, 180, 24)])
def test_parts_that_changed_places_go_on_in_each_stream_where_it_ended(first, second, size):
    """A broadcast whose sound lies 0.7 s away from its pictures, and whose cut pictures get the time of the next."""
    pictures = run(0.7, 150)
    mixed = table(*(time_s for shown_s in pictures for time_s in (shown_s, shown_s - 0.7)))
    rows = list(range(300))
    order = [*rows[:first], *rows[second : second + size], *rows[first + size : second]]
    order += [*rows[first : first + size], *rows[second + size :]]
    packets = replace(
        mixed,
        stream=np.array([0, 1] * 150, np.int16)[order],
        decoded_s=mixed.decoded_s[order],
        shown_s=mixed.shown_s[order],
    )
    for last, following in [(first - 2, first), (second - 2, second)]:
        packets.shown_s[last] = packets.decoded_s[following]
    line = timeline(packets, may_be_joined=True)
    good = [row for row in range(300) if row not in line.false_times]
    shown = [packets.shown_s[row] + line.part_at(int(packets.position[row])).shift_s for row in good]
    assert 5.5 < max(shown) - min(shown) < 9.0 and len(good) > 290


def test_a_run_of_false_times_is_no_joint():
    times = run(0.0)
    times[50:53] = [500.0, 90.0, 1200.0]
    line = timeline(table(*times), may_be_joined=True)
    assert len(line.parts) == 1 and line.false_times == {50, 51, 52}


def test_a_pause_stays_a_pause():
    line = timeline(table(*run(0.0), *run(9.0)), may_be_joined=True)
    assert len(line.parts) == 1 and not line.false_times


def test_pictures_that_come_slowly_may_wait_for_a_long_time_and_are_no_joints():
    slides = table(*(30.0 * number for number in range(12)))
    slides.shown_s[:] += 60.0
    line = timeline(slides, may_be_joined=True, pause_s=600.0)
    assert len(line.parts) == 1 and not line.false_times


def test_pictures_may_wait_for_the_end_of_a_pause_of_any_length():
    one = table(*run(0.0, 50), *run(100.0, 50))
    one.shown_s[:] = [*one.decoded_s[3:], *run(102.0, 3)]
    assert not timeline(one, may_be_joined=False).false_times


def test_time_that_is_lost_with_its_bytes_stays_on_the_clock():
    packets = table(*run(0.0), *run(16.0), lost_before=100)
    line = timeline(packets, may_be_joined=True)
    assert len(line.parts) == 1 and not line.false_times
    assert losses(packets, packets.shown_s, counts_bytes=True) == [(pytest.approx(4.0), pytest.approx(16.0))]


def test_a_pause_of_a_slow_stream_is_no_loss():
    packets = table(*run(0.0), *run(16.0))
    assert losses(packets, packets.shown_s, counts_bytes=True) == []


def test_damaged_packets_that_follow_one_another_are_one_loss():
    packets = table(*run(0.0), damaged=range(25, 75))
    assert losses(packets, packets.shown_s, counts_bytes=False) == [(pytest.approx(1.0), pytest.approx(3.0))]


def test_the_last_packet_of_a_file_does_not_make_it_longer_by_hours():
    line = timeline(table(*run(0.0), 36_000.0), may_be_joined=True)
    assert len(line.parts) == 1 and line.false_times == {100}


def test_of_a_few_packets_the_first_ones_are_believed():
    line = timeline(table(0.0, 0.04, 1.8e15), may_be_joined=False)
    assert line.false_times == {2}


def test_containers_with_a_table_of_times_are_never_taken_for_joined():
    assert len(timeline(table(*run(0.0), *run(0.0)), may_be_joined=False).parts) == 1


def test_a_file_without_packets_has_one_empty_part():
    assert len(timeline(table(), may_be_joined=True).parts) == 1


@pytest.mark.parametrize("row", [0, 50, 100])
def test_a_false_time_is_found_in_containers_with_a_table_of_times(row):
    times = run(0.0, 101)
    times[row] = 36_000.0
    assert timeline(table(*times), may_be_joined=False).false_times == {row}


@pytest.mark.parametrize("joined", [False, True])
def test_a_picture_that_waits_longer_than_a_decoder_can_hold_it_has_a_false_time(joined):
    one = table(*run(0.0))
    one.shown_s[50] += 8.0
    assert timeline(one, may_be_joined=joined).false_times == {50}


def test_a_picture_may_wait_for_the_end_of_a_pause():
    one = table(*run(0.0, 50), *run(7.0, 50))
    one.shown_s[:] = [*one.decoded_s[3:], *run(9.0, 3)]
    assert not timeline(one, may_be_joined=False).false_times


@pytest.mark.parametrize("far_s", [4196.0, -90.0])
@pytest.mark.parametrize("joined", [True, False])
def test_a_stream_of_one_packet_far_from_all_others_is_damage(far_s, joined):
    one = table(*run(0.0), far_s)
    one.stream[-1] = 3
    assert timeline(one, may_be_joined=joined).false_times == {100}
    one.decoded_s[-1] = one.shown_s[-1] = 2.0
    assert not timeline(one, may_be_joined=joined).false_times


@given(st.lists(st.tuples(st.floats(0, 90_000), st.integers(20, 60)), min_size=1, max_size=5))
def test_the_clock_of_joined_parts_never_goes_back_and_is_as_long_as_they_are(parts):
    packets = table(*(time_s for start_s, count in parts for time_s in run(start_s, count)))
    line = timeline(packets, may_be_joined=True)
    rows = [row for row in range(len(packets.stream)) if row not in line.false_times]
    shown = np.array([packets.shown_s[row] + line.part_at(int(packets.position[row])).shift_s for row in rows])
    assert (shown >= np.maximum.accumulate(shown) - BACK_S).all()
    whole_s = sum(count for _, count in parts) * STEP_S
    assert shown.max() - shown.min() <= whole_s + AHEAD_S * (len(parts) - 1) + BACK_S


@given(st.lists(st.floats(-1e6, 1e6), max_size=80), st.booleans())
def test_any_times_give_one_clock(times_s, joined):
    line = timeline(table(*times_s), may_be_joined=joined)
    assert line.parts and line.false_times <= set(range(len(times_s)))
    assert all(np.isfinite([part.shift_s, part.start_s, part.step_s]).all() for part in line.parts)
