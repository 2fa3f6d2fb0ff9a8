"""Decoding runs ahead of embedding, but only so far."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from app.core.types import Frame
from app.services.ingest.prefetch import PREFETCH, ahead

PICTURE = np.zeros((2, 2, 3), np.uint8)


class Stream:
    """Counts what is taken from it."""

    def __init__(self, length: int, fails_at: int | None = None) -> None:
        self.taken = 0
        self._length = length
        self._fails_at = fails_at

    def __iter__(self) -> Iterator[Frame]:
        for number in range(self._length):
            if number == self._fails_at:
                raise ValueError("damaged")
            self.taken += 1
            yield Frame(float(number), PICTURE)


def decoders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "decode"]


def test_all_frames_come_in_order() -> None:
    assert [frame.pts_s for frame in ahead(iter(Stream(50)))] == list(range(50))


def test_a_slow_reader_holds_the_decoder_back() -> None:
    stream = Stream(100)
    for number, _ in enumerate(ahead(iter(stream)), 1):
        if number in (1, 20, 40):
            time.sleep(0.05)
        assert stream.taken - number <= PREFETCH + 1
    assert stream.taken == 100


def test_a_reader_that_stops_ends_the_decoder() -> None:
    stream = Stream(1000)
    frames = ahead(iter(stream))
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert decoders() == [] and stream.taken <= PREFETCH + 2


def test_an_error_comes_where_it_would_have_been() -> None:
    frames = ahead(iter(Stream(10, fails_at=3)))
    assert [next(frames).pts_s for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="damaged"):
        next(frames)
    assert decoders() == []
