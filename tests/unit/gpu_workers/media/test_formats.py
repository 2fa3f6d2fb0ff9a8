"""Containers of cameras, recorders and broadcasters that FFmpeg reads are read here, whole and cut off."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.probe import PyAVProbe
from tests.media_files import grey_at, greys, steady, truncated, write_media

SECONDS, RATE = 2, 25


def written(path: Path, codec: str, size: tuple[int, int]) -> Path:
    """Grey pictures that become lighter."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=RATE)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(SECONDS * RATE):
            image = np.full((size[1], size[0], 3), 20 + number * 4, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("ending", "codec", "size"),
    [
        ("dv", "dvvideo", (720, 576)),
        ("rm", "rv20", (176, 144)),
        ("wtv", "mpeg2video", (64, 48)),
        ("mxf", "mpeg2video", (64, 48)),
        ("vob", "mpeg2video", (64, 48)),
        ("nut", "mpeg4", (64, 48)),
        ("3gp", "h263", (176, 144)),
    ],
)
def test_a_container_is_read_whole_and_cut_off_as_far_as_it_goes(tmp_path, ending, codec, size):
    path = written(tmp_path / f"film.{ending}", codec, size)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(SECONDS, abs=0.1) and not media.unread
    frames = list(PyAVFrames().sample(path, span=media.whole, every_s=0.5, max_side=0))
    assert [round(frame.pts_s, 1) for frame in frames[:4]] == pytest.approx([0.0, 0.5, 1.0, 1.5], abs=0.1)
    shades = [float(frame.image.mean()) for frame in frames[:4]]
    assert shades == sorted(shades) and shades[-1] - shades[0] > 100
    if ending not in ("wtv", "3gp"):  # their index lies at the end
        cut = PyAVProbe().probe(truncated(path, 0.6))
        assert 0.5 < cut.duration_s < SECONDS


def write_raw(path: Path, codec: str, rate: Fraction) -> Path:
    """Forty pictures without a container, whose header says how many come a second."""
    with av.open(str(path), "w", format=path.suffix[1:]) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        for number in range(40):
            image = np.full((48, 64, 3), grey_at(number / 10), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("name", "codec"), [("a.h264", "libx264"), ("a.hevc", "libx265")])
def test_pictures_without_a_container_come_as_fast_as_their_header_says(tmp_path, name, codec):
    path = write_raw(tmp_path / name, codec, Fraction(10))
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(4.0, abs=0.1) and "10 pictures a second" in media.warnings[0]
    assert greys(path, 3.5) == pytest.approx([grey_at(3.5)], abs=3)


@pytest.mark.parametrize("rate", [Fraction(8, 19), Fraction(5000)])
def test_a_header_that_says_an_impossible_number_of_pictures_a_second_is_not_believed(tmp_path, rate):
    media = PyAVProbe().probe(write_raw(tmp_path / "a.h264", "libx264", rate))
    assert media.duration_s == pytest.approx(1.6, abs=0.1)
    assert "25 pictures a second are assumed" in media.warnings[0]


def test_pictures_without_a_container_are_counted(tmp_path):
    path = write_media(tmp_path / "a.h264", times_s=steady(4.0, 25.0))
    media = PyAVProbe().probe(path)
    assert media.video is not None and media.duration_s == pytest.approx(4.0, abs=0.1)
    assert "25 pictures a second are assumed" in media.warnings[0]
    assert greys(path, 0.5, 3.5) == pytest.approx([grey_at(0.5), grey_at(3.5)], abs=3)
