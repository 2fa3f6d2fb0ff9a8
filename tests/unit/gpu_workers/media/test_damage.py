"""Pictures that the decoder could not decode in full are marked, and sound ones are not."""

from __future__ import annotations

import random
from pathlib import Path

import av
import pytest

from app.core.types import TimeSpan
from benchmarks.fuzz_files import write_source
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.probe import PyAVProbe


def damaged(path: Path) -> list[float]:
    """The times of damaged frames, looked at twice a second."""
    frames = PyAVFrames().sample(path, span=PyAVProbe().probe(path).whole, every_s=0.5, max_side=64)
    return [frame.pts_s for frame in frames if frame.is_damaged]


def lost(path: Path) -> list[TimeSpan]:
    """Spans of which no picture can be decoded, looked at twice a second."""
    frames = PyAVFrames().sample(path, span=PyAVProbe().probe(path).whole, every_s=0.5, max_side=64)
    return [span for frame in frames for span in frame.lost]


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


@pytest.mark.parametrize("kind", ["mp4", "mkv", "avi"])
def test_a_part_whose_pictures_cannot_be_decoded_is_lost_or_damaged_for_as_long_as_it_lasts(
    tmp_path: Path, kind: str
) -> None:
    path = write_source(tmp_path / f"film.{kind}")
    assert not lost(path)
    data, dice = bytearray(path.read_bytes()), random.Random(3)
    with av.open(str(path)) as film:
        for packet in film.demux(video=0):
            stamp = packet.dts if packet.pts is None else packet.pts
            if packet.size and packet.pos and 2 <= float(stamp * packet.time_base) < 4:
                data[packet.pos + 12 : packet.pos + packet.size] = dice.randbytes(packet.size - 12)
    path.write_bytes(data)
    times = [*damaged(path), *(time_s for span in lost(path) for time_s in (span.start_s, span.end_s))]
    assert 1.5 <= min(times) <= 3.0 and 3.9 < max(times) <= 5.5


def test_after_the_last_picture_that_can_be_decoded_the_rest_is_lost(tmp_path: Path) -> None:
    path = write_source(tmp_path / "film.mp4")
    data, dice = bytearray(path.read_bytes()), random.Random(3)
    with av.open(str(path)) as film:
        for packet in film.demux(video=0):
            if packet.size and packet.pos and float(packet.pts * packet.time_base) >= 3:
                data[packet.pos : packet.pos + packet.size] = dice.randbytes(packet.size)
    path.write_bytes(data)
    spans = lost(path)
    assert spans and 2.0 <= spans[0].start_s < 4.0 and spans[-1].end_s == pytest.approx(5.5, abs=0.5)
