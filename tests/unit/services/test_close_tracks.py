"""Things are followed closely on request: exact times, a bound, a stop, and no second search of the same part.

A red square is shown from second 20.5 to 21.5, which a frame every few seconds would miss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from app.core.errors import BadInput, Cancelled
from app.core.types import Frame, MediaInfo, TimeSpan, Video, VideoId, VideoStream
from app.services.close_tracks import CloseTracks
from gpu_workers.vision.fakes import FakeObjectDetector

MEDIA = MediaInfo("mp4", 60.0, 0.0, 1, VideoStream("h264", 160, 90, 0, 25.0), ())
VIDEO = Video(VideoId("a" * 64), "v", "/v.mp4", MEDIA)


class Squares:
    """Decodes as it is asked, and counts."""

    def __init__(self) -> None:
        self.decoded = 0

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int, track: int | None = None) -> Iterator[Frame]:
        for time_s in times_s:
            self.decoded += 1
            image = np.full((90, 160, 3), 128, np.uint8)
            if 20.5 <= time_s < 21.5:
                image[30:60, 20:50] = (255, 0, 0)
            yield Frame(time_s, image)


def go_on() -> bool:
    return False


def test_a_short_appearance_is_timed_within_its_span_and_found_again_for_nothing() -> None:
    frames = Squares()
    tracks = CloseTracks(FakeObjectDetector(), frames)  # type: ignore[arg-type]
    (track,) = tracks.follow(VIDEO, TimeSpan(18, 24), ["red ball"], 4.0, go_on)
    assert track.span.start_s == pytest.approx(20.5, abs=0.25) and track.span.end_s == pytest.approx(21.5, abs=0.25)
    assert all(track.span.contains(box.time_s) for box in track.boxes) and frames.decoded == 24
    assert tracks.follow(VIDEO, TimeSpan(18, 24), ["red ball"], 4.0, go_on) == [track] and frames.decoded == 24


def test_a_thing_that_is_there_from_the_first_frame_is_there_from_the_start_of_the_span() -> None:
    tracks = CloseTracks(FakeObjectDetector(), Squares())  # type: ignore[arg-type]
    (track,) = tracks.follow(VIDEO, TimeSpan(20.6, 21.4), ["red"], 5.0, go_on)
    assert (track.span.start_s, track.span.end_s) == pytest.approx((20.6, 21.4))


def test_a_long_span_is_refused_and_a_stop_ends_it_within_a_few_frames() -> None:
    frames = Squares()
    tracks = CloseTracks(FakeObjectDetector(), frames)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="too long") as raised:
        tracks.follow(VIDEO, TimeSpan(0, 61), ["red"], 5.0, go_on)
    assert "60 seconds at 5 frames" in str(raised.value) and frames.decoded == 0
    with pytest.raises(Cancelled):
        tracks.follow(VIDEO, TimeSpan(0, 60), ["red"], 5.0, lambda: frames.decoded >= 8)
    assert frames.decoded == 8
