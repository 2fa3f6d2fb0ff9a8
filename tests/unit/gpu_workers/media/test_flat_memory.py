"""Reading a long file takes no more memory than reading a short one."""

from __future__ import annotations

import psutil
import pytest

from app.core.types import TimeSpan
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.decord_frames import DecordFrames
from gpu_workers.media.video_frames import VideoFrames


def megabytes() -> float:
    return psutil.Process().memory_info().rss / 2**20


@pytest.mark.slow
def test_half_an_hour_takes_no_more_memory_than_its_first_minutes(shared_videos):
    path = shared_videos / "bipbop_timecode_30min.mp4"
    source, seen = VideoFrames(), []
    for start_s in range(0, 1800, 300):
        for frame in source.sample(path, span=TimeSpan(start_s, start_s + 300), every_s=2.0, max_side=448):
            assert start_s - 2.0 <= frame.pts_s < start_s + 300
        list(source.at(path, [start_s + 10.0, start_s + 200.0], max_side=0))
        seen.append(megabytes())
    PyAVAudio().survey(path, chunk_s=120.0)
    assert max(*seen[1:], megabytes()) - seen[0] < 40


def test_opening_decord_again_and_again_does_not_add_up(shared_videos):
    path = shared_videos / "bottles.mp4"
    source, seen = DecordFrames(), []
    for round_ in range(24):
        list(source.at(path, [round_ + 0.5], max_side=0))
        seen.append(megabytes())
    assert seen[-1] - seen[8] < 60
