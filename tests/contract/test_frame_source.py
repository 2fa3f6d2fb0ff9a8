"""Every FrameSource: the frame shown at each tick, by the file's own times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.core.errors import BadInput
from app.core.ports import FrameSource
from app.core.types import MediaInfo, TimeSpan, VideoStream
from gpu_workers.media.decord_frames import DecordFrames
from gpu_workers.media.fakes import FakeFrames
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.video_frames import VideoFrames
from tests.media_files import steady, write_media

TEN_A_SECOND = MediaInfo("mp4", 6.0, 0.0, 1, VideoStream("h264", 64, 48, 0, 10.0))


@pytest.fixture(params=["pyav", "decord", "both", "fake"])
def source(request) -> FrameSource:
    made = {"pyav": PyAVFrames, "decord": DecordFrames, "both": VideoFrames, "fake": lambda: FakeFrames(TEN_A_SECOND)}
    return made[request.param]()


@pytest.fixture(scope="module")
def six_seconds(tmp_path_factory) -> Path:
    return write_media(tmp_path_factory.mktemp("media") / "six.mp4", times_s=steady(6.0))


def times(frames) -> list[float]:
    return [round(frame.pts_s, 3) for frame in frames]


def test_it_plays_the_port(source):
    assert isinstance(source, FrameSource)


def test_a_tick_gives_the_frame_shown_at_that_moment(source, six_seconds):
    span = TimeSpan(0.0, 6.0)
    assert times(source.sample(six_seconds, span=span, every_s=1.0, max_side=0)) == [0, 1, 2, 3, 4, 5]
    assert times(source.sample(six_seconds, span=span, every_s=0.75, max_side=0)) == [
        0, 0.7, 1.5, 2.2, 3.0, 3.7, 4.5, 5.2,
    ]  # fmt: skip


def test_a_span_begins_inside_the_file_and_leaves_out_its_end(source, six_seconds):
    found = source.sample(six_seconds, span=TimeSpan(2.55, 4.55), every_s=1.0, max_side=0)
    assert times(found) == [2.5, 3.5]


def test_a_frame_shown_over_several_ticks_comes_once(source, six_seconds):
    found = source.sample(six_seconds, span=TimeSpan(1.0, 1.3), every_s=0.02, max_side=0)
    assert times(found) == [1.0, 1.1, 1.2]


def test_an_empty_span_gives_nothing(source, six_seconds):
    assert list(source.sample(six_seconds, span=TimeSpan(3.0, 3.0), every_s=1.0, max_side=0)) == []


def test_single_times_come_in_the_order_asked_one_for_each(source, six_seconds):
    found = source.at(six_seconds, [4.15, 0.0, 4.15, 2.0, 99.0, 5.0], max_side=0)
    assert times(found) == [4.1, 0.0, 4.1, 2.0, 5.9, 5.0]


def test_no_times_give_no_frames(source, six_seconds):
    assert list(source.at(six_seconds, [], max_side=0)) == []


def test_pictures_are_rgb_bytes_no_larger_than_asked(source, six_seconds):
    frame = next(iter(source.at(six_seconds, [1.0], max_side=32)))
    assert frame.image.shape == (24, 32, 3) and frame.image.dtype == np.uint8
    assert next(iter(source.at(six_seconds, [1.0], max_side=0))).image.shape == (48, 64, 3)
    assert next(iter(source.at(six_seconds, [1.0], max_side=999))).image.shape == (48, 64, 3)


def test_the_same_request_gives_the_same_pictures(source, six_seconds):
    first, second = (list(source.at(six_seconds, [3.3, 0.4], max_side=0)) for _ in range(2))
    assert all(np.array_equal(a.image, b.image) for a, b in zip(first, second, strict=True))


def test_a_missing_file_is_a_bad_input_with_a_hint(source, tmp_path):
    with pytest.raises(BadInput) as caught:
        list(source.sample(tmp_path / "gone.mp4", span=TimeSpan(0, 1), every_s=1.0, max_side=0))
    assert "gone.mp4" in caught.value.message and caught.value.hint
