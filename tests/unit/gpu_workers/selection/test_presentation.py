"""Every way of showing frames keeps their true times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.types import Frame
from gpu_workers.selection.presentation import PRESENTATIONS, grid, interleaved, slowfast, thumbnail


def frames(count, height=36, width=64):
    """Frames at uneven times, each of a grey of its own."""
    return [Frame(0.5 * n + n * n / 7, np.full((height, width, 3), 10 + 3 * n, np.uint8)) for n in range(count)]


@pytest.mark.parametrize("name", PRESENTATIONS)
@settings(max_examples=15, deadline=None)
@given(count=st.integers(0, 45), height=st.integers(1, 50), width=st.integers(1, 50))
def test_all_frames_are_shown_and_every_time_stands_in_the_text(name, count, height, width):
    given_frames = frames(count, height, width)
    pictures = PRESENTATIONS[name](given_frames)
    assert {t for picture in pictures for t in picture.times_s} == {frame.pts_s for frame in given_frames}
    for picture in pictures:
        assert all(f"t={t:.1f}s" in picture.text for t in picture.times_s)
        assert picture.image.dtype == np.uint8 and picture.image.ndim == 3 and min(picture.image.shape[:2]) >= 1


def test_interleaved_shows_frames_as_they_are():
    given_frames = frames(3)
    shown = interleaved(given_frames)
    assert [picture.text for picture in shown] == ["t=0.0s", "t=0.6s", "t=1.6s"]
    assert all(picture.image is frame.image for picture, frame in zip(shown, given_frames, strict=True))


def test_a_grid_has_each_frame_in_its_cell_row_by_row():
    first, second = grid(frames(8))
    assert first.image.shape == (72, 192, 3) and len(first.times_s) == 6
    assert [int(first.image[18 + 36 * (n // 3), 32 + 64 * (n % 3), 0]) for n in range(6)] == [10, 13, 16, 19, 22, 25]
    assert second.image.shape == (36, 128, 3)
    assert first.text.endswith("row by row: t=0.0s, t=0.6s, t=1.6s, t=2.8s, t=4.3s, t=6.1s")


def test_frames_of_different_shapes_stand_on_white():
    wide, high = frames(1)[0], Frame(9.0, np.zeros((64, 36, 3), np.uint8))
    (sheet,) = grid([wide, high])
    assert sheet.image.shape == (36, 72, 3)
    assert (sheet.image[0, 0] == 255).all() and (sheet.image[18, 18] == 10).all()
    assert (sheet.image[18, 36 + 18] == 0).all() and (sheet.image[18, 37] == 255).all()


def test_a_thumbnail_of_one_frame_s_size_comes_before_small_samples():
    first, *rest = thumbnail(frames(30, 90, 160))
    assert first.image.shape[0] <= 90 and first.image.shape[1] <= 160 and len(first.times_s) == 6
    assert len(rest) == 30
    assert rest[0].image.shape[0] * rest[0].image.shape[1] == pytest.approx(0.1 * 90 * 160, rel=0.1)


def test_slow_and_fast_frames_cost_a_part_of_all_in_full():
    given_frames = frames(50, 90, 160)
    pictures = slowfast(given_frames)
    assert [len(picture.times_s) for picture in pictures] == [1] * 10 + [20, 20, 10]
    assert all(picture.image.shape == (90, 160, 3) for picture in pictures[:10])
    pixels = sum(picture.image.size for picture in pictures)
    assert pixels < 0.27 * sum(frame.image.size for frame in given_frames)
    assert len(slowfast(frames(7))) == 7
