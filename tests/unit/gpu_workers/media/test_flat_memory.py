"""Reading a long file takes no more memory than reading a short one.

Each test measures a process of its own: in this one, what other tests have left would be measured with it.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import pytest

from app.core.types import TimeSpan
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.decord_frames import DecordFrames
from gpu_workers.media.video_frames import VideoFrames


def megabytes() -> float:
    return psutil.Process().memory_info().rss / 2**20


def measured(work: Callable[[Path], list[float]], path: Path) -> list[float]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
        return alone.submit(work, path).result()


def read_half_an_hour(path: Path) -> list[float]:
    source, sizes = VideoFrames(), []
    for start_s in range(0, 1800, 300):
        for frame in source.sample(path, span=TimeSpan(start_s, start_s + 300), every_s=2.0, max_side=448):
            assert start_s - 2.0 <= frame.pts_s < start_s + 300
        list(source.at(path, [start_s + 10.0, start_s + 200.0], max_side=0))
        sizes.append(megabytes())
    PyAVAudio().survey(path, chunk_s=120.0)
    return [*sizes, megabytes()]


def open_decord_again_and_again(path: Path) -> list[float]:
    source, sizes = DecordFrames(), []
    for round_ in range(24):
        list(source.at(path, [round_ + 0.5], max_side=0))
        sizes.append(megabytes())
    return sizes


@pytest.mark.slow
def test_half_an_hour_takes_no_more_memory_than_its_first_minutes(shared_videos):
    first, *later = measured(read_half_an_hour, shared_videos / "bipbop_timecode_30min.mp4")
    assert max(later) - first < 40


def test_opening_decord_again_and_again_does_not_add_up(shared_videos):
    sizes = measured(open_decord_again_and_again, shared_videos / "bottles.mp4")
    assert sizes[-1] - sizes[8] < 60
