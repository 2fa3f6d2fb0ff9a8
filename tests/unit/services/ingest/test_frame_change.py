"""Near-duplicate frames are dropped, and a typed word is not a duplicate."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.core.types import Frame, TimeSpan
from app.services.ingest.chunks import longest_standing
from app.services.ingest.frame_change import ChangeDetector


def _slide(text: str, seed: int = 0) -> Frame:
    picture = Image.new("RGB", (1280, 720), "white")
    ImageDraw.Draw(picture).text((100, 100), text, fill="black", font_size=28)
    noise = np.random.default_rng(seed).integers(-3, 4, (720, 1280, 3))
    return Frame(0.0, np.clip(np.asarray(picture).astype(int) + noise, 0, 255).astype(np.uint8))


def test_coding_noise_is_no_change() -> None:
    detector = ChangeDetector()
    assert detector.is_new(_slide("Budget", 1))
    assert not any(detector.is_new(_slide("Budget", seed)) for seed in range(2, 6))


def test_one_more_word_is_a_change() -> None:
    detector = ChangeDetector()
    detector.is_new(_slide("Budget"))
    assert detector.is_new(_slide("Budget 2031"))


@pytest.mark.parametrize("size", [(1, 1), (16, 9), (73, 129)])
def test_small_pictures_are_compared_too(size: tuple[int, int]) -> None:
    black, white = (np.full((*size, 3), level, np.uint8) for level in (0, 255))
    detector = ChangeDetector()
    assert detector.is_new(Frame(0.0, black))
    assert not detector.is_new(Frame(1.0, black))
    if size != (1, 1):
        assert detector.is_new(Frame(2.0, white))


def test_all_frames_are_read_while_there_are_few() -> None:
    assert longest_standing([1.0, 2.0, 3.0], [1.0, 3.0], TimeSpan(0, 4), budget=5) == [1.0, 3.0]


def test_a_long_video_is_read_everywhere_and_where_pictures_stand_longest() -> None:
    times = [float(t) for t in range(1000)] + [2000.0]
    chosen = longest_standing(times, times, TimeSpan(0, 3000), budget=50)
    assert len(chosen) == 50
    assert chosen == sorted(chosen)
    assert 2000.0 in chosen
    assert max(b - a for a, b in zip([0.0, *chosen], chosen, strict=False) if b < 1000) < 150
