from __future__ import annotations

import pytest

from app.core.timecode import clock, span_clock
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
