"""The frames that come out are those that a full decoding would show, for every codec and container."""

from __future__ import annotations

import bisect
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import av
import numpy as np
import pytest

from app.core.errors import BadInput
from app.core.types import TimeSpan
from gpu_workers.media.decord_frames import DecordFrames, suits
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.probe import PyAVProbe
from gpu_workers.media.video_frames import VideoFrames
from tests.media_files import grey_at, steady, truncated, write_media

KINDS = [
    ("a.mp4", "libx264"),
    ("a.mkv", "libx265"),
    ("a.webm", "libvpx"),
    ("b.webm", "libvpx-vp9"),
    ("a.mov", "libx264"),
    ("a.avi", "mpeg4"),
    ("a.ts", "libx264"),
    ("b.mp4", "libsvtav1"),
    ("b.mkv", "mpeg4"),
]


def shown_everywhere(path: Path) -> list[tuple[float, float]]:
    """Time and mean brightness of every frame, by decoding all: what the readers are compared with."""
    with av.open(str(path)) as file:
        frames = [(frame.time, float(frame.to_ndarray(format="rgb24").mean())) for frame in file.decode(video=0)]
    first = min(time_s for time_s, _ in frames)
    return [(time_s - first, mean) for time_s, mean in frames]


def assert_shown(frame, tick_s: float, everywhere: list[tuple[float, float]]) -> None:
    expected_s, mean = everywhere[max(0, bisect.bisect_right([t for t, _ in everywhere], tick_s + 1e-4) - 1)]
    assert frame.pts_s == pytest.approx(expected_s, abs=2e-3)
    assert float(frame.image.mean()) == pytest.approx(mean, abs=2.0)


def written(path: Path, codec: str) -> Path:
    """Four seconds; SVT-AV1 makes its whole process real-time where it may, which is why it gets one of its own."""
    times_s = steady(4.0, fps=25.0 if path.suffix == ".avi" else 10.0)
    if codec != "libsvtav1":
        return write_media(path, times_s=times_s, codec=codec)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        return apart.submit(write_media, path, times_s=times_s, codec=codec).result()


@pytest.mark.parametrize(("name", "codec"), KINDS)
def test_each_container_and_codec_gives_the_frames_of_a_full_decoding(tmp_path, name, codec):
    path = written(tmp_path / name, codec)
    everywhere = shown_everywhere(path)
    media = PyAVProbe().probe(path)
    assert media.video is not None and (media.video.width, media.video.height) == (64, 48)
    assert media.duration_s == pytest.approx(4.0, abs=0.2)
    frames = list(PyAVFrames().sample(path, span=TimeSpan(0.0, 4.0), every_s=0.5, max_side=0))
    assert len(frames) == 8
    for number, frame in enumerate(frames):
        assert_shown(frame, number * 0.5, everywhere)
    for source in (PyAVFrames(), VideoFrames()):
        for tick_s in (3.25, 0.72, 2.0, 1.0, 3.95):
            assert_shown(next(iter(source.at(path, [tick_s], max_side=0))), tick_s, everywhere)


def test_deep_prediction_between_far_key_frames_is_followed(tmp_path):
    options = {"preset": "slow", "bf": "8", "refs": "6", "g": "80"}
    path = write_media(tmp_path / "deep.mkv", times_s=steady(20.0), options=options)
    everywhere = shown_everywhere(path)
    for every_s in (0.3, 1.0, 7.0):
        frames = PyAVFrames().sample(path, span=TimeSpan(0.05, 20.0), every_s=every_s, max_side=0)
        for number, frame in enumerate(frames):
            assert_shown(frame, 0.05 + number * every_s, everywhere)


def test_open_groups_of_pictures_are_followed(tmp_path):
    options = {"x264-params": "open-gop=1:keyint=12:min-keyint=12:bframes=3:scenecut=0"}
    path = write_media(tmp_path / "open.ts", times_s=steady(12.0), options=options)
    everywhere = shown_everywhere(path)
    for start_s in (0.0, 4.07):
        frames = list(PyAVFrames().sample(path, span=TimeSpan(start_s, 12.0), every_s=1.1, max_side=0))
        for number, frame in enumerate(frames):
            assert_shown(frame, start_s + number * 1.1, everywhere)


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_between_open_groups_of_which_none_is_needed_no_picture_is_lost(tmp_path, suffix):
    groups = {"x264-params": "open-gop=1:keyint=12:min-keyint=12:bframes=4"}
    path = write_media(tmp_path / f"a.{suffix}", times_s=steady(8.0, 25.0), options=groups)
    frames = list(PyAVFrames().sample(path, span=TimeSpan(0.0, 7.0), every_s=1.0, max_side=0))
    assert [frame.pts_s for frame in frames] == pytest.approx([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], abs=0.05)
    shades = [float(frame.image[frame.image.shape[0] // 2 :].mean()) for frame in frames]
    assert shades == pytest.approx([grey_at(frame.pts_s) for frame in frames], abs=3)
    assert not any(frame.lost or frame.is_damaged for frame in frames)


def test_variable_frame_rate_keeps_the_times_of_the_file(tmp_path):
    times_s = [0.0, 0.04, 0.9, 2.5, 2.6, 2.7, 7.0, 7.5]
    path = write_media(tmp_path / "vfr.mkv", times_s=times_s)
    frames = list(PyAVFrames().sample(path, span=TimeSpan(0.0, 8.0), every_s=1.0, max_side=0))
    assert [round(frame.pts_s, 3) for frame in frames] == [0.0, 0.9, 2.7, 7.0]
    assert [float(frame.image[-1, -1, 0]) for frame in frames] == pytest.approx(
        [grey_at(time_s) for time_s in (0.0, 0.9, 2.7, 7.0)], abs=3
    )


def test_decord_leaves_open_groups_of_pictures_to_pyav(tmp_path):
    options = {"x264-params": "open-gop=1:keyint=12:min-keyint=12:bframes=3:scenecut=0"}
    path = write_media(tmp_path / "open.mkv", times_s=steady(12.0), options=options)
    everywhere = shown_everywhere(path)
    with pytest.raises(BadInput):
        next(iter(DecordFrames().at(path, [5.0], max_side=0)))
    for tenths in range(0, 118, 7):
        assert_shown(next(iter(VideoFrames().at(path, [tenths / 10], max_side=0))), tenths / 10, everywhere)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_start_offset_is_subtracted_once_from_picture_and_sound(tmp_path, suffix):
    path = tmp_path / f"late.{suffix}"
    write_media(path, times_s=steady(3.0, start_s=60.0), tones_hz=[440.0], sound_start_s=60.0, sound_s=3.0)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(3.0, abs=0.15)
    frames = list(PyAVFrames().sample(path, span=TimeSpan(0.0, 3.0), every_s=1.0, max_side=0))
    assert [round(frame.pts_s) for frame in frames] == [0, 1, 2]
    assert [float(frame.image[-1, -1, 0]) for frame in frames] == pytest.approx(
        [grey_at(60.0 + second) for second in (0, 1, 2)], abs=12
    )


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_recording_stands_upright(tmp_path, degrees):
    path = write_media(tmp_path / "turned.mp4", times_s=steady(1.0), rotation=degrees)
    media = PyAVProbe().probe(path)
    assert media.video is not None and media.video.rotation == degrees
    size = (64, 48) if degrees == 180 else (48, 64)
    assert (media.video.width, media.video.height) == size
    image = next(iter(VideoFrames().at(path, [0.5], max_side=0))).image
    assert image.shape == (size[1], size[0], 3)
    corner = {90: image[2, -3], 180: image[-3, -3], 270: image[-3, 2]}[degrees]
    assert corner[0] > 180 > 90 > corner[1]
    assert not suits(path)


def test_decord_and_pyav_show_the_same_frames(shared_videos):
    path = shared_videos / "bottles.mp4"
    times_s = [3.3, 20.02, 11.0, 39.8]
    both = zip(DecordFrames().at(path, times_s, max_side=0), PyAVFrames().at(path, times_s, max_side=0), strict=True)
    for one, other in both:
        assert one.pts_s == other.pts_s
        assert np.abs(one.image.astype(int) - other.image).mean() < 1.0


def test_a_cut_off_tail_ends_the_pictures_without_an_error(tmp_path):
    whole = write_media(tmp_path / "whole.mkv", times_s=steady(10.0), size=(320, 240))
    path = truncated(whole, 0.6)
    frames = list(PyAVFrames().sample(path, span=TimeSpan(0.0, 10.0), every_s=1.0, max_side=0))
    assert 3 <= len(frames) < 10


def test_a_file_without_pictures_gives_none(tmp_path):
    path = write_media(tmp_path / "podcast.m4a", tones_hz=[440.0])
    assert list(VideoFrames().sample(path, span=TimeSpan(0.0, 2.0), every_s=1.0, max_side=0)) == []
    assert list(VideoFrames().at(path, [1.0], max_side=0)) == []


def test_a_recording_with_one_key_frame_is_sampled(tmp_path):
    path = write_media(tmp_path / "one.mkv", times_s=steady(80.0), options={"g": "9999", "preset": "ultrafast"})
    frames = list(PyAVFrames().sample(path, span=TimeSpan(61.0, 80.0), every_s=5.0, max_side=0))
    assert [round(frame.pts_s, 3) for frame in frames] == [61.0, 66.0, 71.0, 76.0]
