"""Which packets are decoded."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from gpu_workers.media.picks import MAX_GROUP, REORDER, EveryTick, ListedTicks, Packet, chosen, groups


def packets(times, keys):
    return [Packet(time_s, place in keys, 100, place) for place, time_s in enumerate(times)]


@given(start=st.floats(0, 100), length=st.floats(0, 50), every=st.floats(0.05, 10), cut=st.floats(0, 200))
def test_every_tick_is_counted_once_on_either_side_of_a_time(start, length, every, cut):
    ticks = EveryTick(start, start + length, every)
    assert ticks.before(-1.0) == 0 and ticks.before(math.inf) == ticks.count
    expected = sum(start + k * every < cut - 1e-4 for k in range(ticks.count))
    assert abs(ticks.before(cut) - expected) <= 1


@given(st.lists(st.booleans(), max_size=200))
def test_groups_lose_and_repeat_nothing(keys):
    given_packets = [Packet(float(place), key, 1, place) for place, key in enumerate(keys)]
    found = list(groups(iter(given_packets)))
    assert [packet for group, _ in found for packet in group] == given_packets
    assert all(len(ahead) <= REORDER for _, ahead in found)
    assert all(not packet.is_key for group, _ in found for packet in group[1:])


def test_a_stream_with_one_key_frame_is_cut_all_the_same():
    found = list(groups(iter(packets([float(n) for n in range(2000)], {0}))))
    assert max(len(group) for group, _ in found) <= MAX_GROUP


def test_what_follows_the_last_wanted_frame_of_a_group_is_left_out():
    stream = packets([n / 10 for n in range(40)], {0, 10, 20, 30})
    kept = list(chosen(iter(stream), ListedTicks([1.35])))
    assert [place for place, _ in kept] == [10, 11, 12, 13]
    assert [place for place, wanted in kept if wanted] == [13]


def test_a_wanted_picture_before_its_key_frame_keeps_the_group_before():
    times = [0.0, 0.1, 0.2, 0.3, 0.6, 0.4, 0.5, 0.7, 0.8]
    kept = list(chosen(iter(packets(times, {0, 4})), ListedTicks([0.55])))
    assert [place for place, _ in kept] == [0, 1, 2, 3, 4, 5, 6]
    assert [place for place, wanted in kept if wanted] == [6]


def test_packets_without_times_are_all_decoded():
    stream = [Packet(None, place % 5 == 0, 1, place) for place in range(20)]
    assert list(chosen(iter(stream), ListedTicks([1.0]))) == [(place, True) for place in range(20)]


def test_a_tick_before_the_first_frame_wants_the_first_frame():
    assert list(chosen(iter(packets([5.0, 5.1, 5.2], {0})), ListedTicks([0.0]))) == [(0, True)]
