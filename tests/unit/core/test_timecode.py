from __future__ import annotations

import pytest

from app.core.timecode import clock, parse_clock, span_clock
from app.core.types import TimeSpan


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0:00"),
        (0, "0:00"),
        (7.9, "0:07"),
        (65, "1:05"),
        (3600, "1:00:00"),
        (3723, "1:02:03"),
        (36_605, "10:10:05"),
    ],
)
def test_times_read_as_clocks(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_a_span_reads_as_one_time_when_its_ends_read_the_same() -> None:
    assert span_clock(TimeSpan(65, 3723)) == "1:05-1:02:03"
    assert span_clock(TimeSpan(65.1, 65.9)) == "1:05"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2:03", 123.0),
        ("1:02:03.5", 3723.5),
        ("83.2", 83.2),
        ("00:00:13:05", 13.2),
        ("00:00:13;05", 13 + 5 / 25),
        ("01:00:00:29", 3600 + 29 / 30),
        ("00:00:02:50", 2 + 50 / 60),
        ("00:00:13:05:01", None),
        ("soon", None),
        ("nan", None),
    ],
)
def test_a_time_is_read_as_people_and_editors_write_it(text: str, seconds: float | None) -> None:
    assert parse_clock(text) == (None if seconds is None else pytest.approx(seconds))
