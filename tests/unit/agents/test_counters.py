from __future__ import annotations

import pytest

from agents.counters import asked_value, nearest, readings, time_of, value_of
from app.core.types import Segment, SegmentKind, TimeSpan, VideoId


def counter(*read: tuple[float, str]) -> list[Segment]:
    return [
        Segment(f"{at}", VideoId("v"), SegmentKind.SCREEN_TEXT, TimeSpan(at, at + 1), text, "t", at)
        for at, text in read
    ]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("At what time does the frame counter reach about 044956?", "044956"),
        ("At what time does the timecode show 00:10:00?", "00:10:00"),
        ("When does she talk about 12 apples?", ""),
    ],
)
def test_the_value_of_a_question_is_read_as_it_is_written(question: str, value: str) -> None:
    assert asked_value(question) == value


def test_a_time_is_reckoned_between_two_readings_and_a_misread_one_is_left_out() -> None:
    shown = counter((0, "000000"), (10, "000300"), (15, "990000"), (20, "000600"), (30, "000900"))
    found = readings(shown, "000450")
    assert [value for _, value in found] == [0, 300, 600, 900]
    assert time_of(450, found) == pytest.approx(15.0)


def test_a_value_that_was_never_reached_has_no_time() -> None:
    found = readings(counter((0, "000000"), (10, "000300"), (20, "000600")), "000700")
    assert time_of(700, found) is None
    assert time_of(10, found[:2]) is None


def test_clocks_count_in_seconds_and_only_values_of_one_shape_are_compared() -> None:
    assert value_of("00:10:05") == 605
    assert nearest("00:10:00", [("no clock 123456", 1), ("00:09:58", 2), ("00:12:00", 3)]) == 2
    assert nearest("00:10:00", [("12", 1)]) is None
