"""Pictures that the decoder could not decode in full are marked, and sound ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fuzz_files import write_source
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.probe import PyAVProbe


def damaged(path: Path) -> list[float]:
    """The times of damaged frames, looked at twice a second."""
    frames = PyAVFrames().sample(path, span=PyAVProbe().probe(path).whole, every_s=0.5, max_side=64)
    return [frame.pts_s for frame in frames if frame.is_damaged]


@pytest.mark.parametrize("kind", ["mp4", "flv", "h264"])
def test_flipped_bits_damage_the_pictures_until_the_next_key_frame(tmp_path: Path, kind: str) -> None:
    path = write_source(tmp_path / f"film.{kind}")
    assert damaged(path) == []
    data = bytearray(path.read_bytes())
    for place in range(len(data) * 4 // 10, len(data) * 5 // 10, 97):
        data[place] ^= 0x55
    path.write_bytes(data)
    times = damaged(path)
    assert times and times[0] > 1.0 and times[-1] < 5.5
