"""A damaged time that makes a file much longer than its header says is ignored; true pauses stay."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import pytest

from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.probe import PyAVProbe
from tests.media_files import grey_at, greys, steady, write_media


def with_step(path: Path, track: int, entry: int, seconds: float) -> Path:
    """An MP4 file in whose table of times the steps of one entry of a track last so long."""
    data, at, scale = bytearray(path.read_bytes()), 0, 0
    for _ in range(track + 1):
        header = data.index(b"mdhd", at)
        scale, at = int.from_bytes(data[header + 16 : header + 20]), data.index(b"stts", header)
    assert entry < int.from_bytes(data[at + 8 : at + 12])
    struct.pack_into(">I", data, at + 16 + 8 * entry, round(seconds * scale))
    path.write_bytes(data)
    return path


def heard_s(path: Path) -> float:
    return len(PyAVAudio().survey(path, chunk_s=30.0).loudness) / 10


@pytest.mark.parametrize("track", [0, 1])
def test_a_table_of_times_that_the_header_and_the_other_stream_contradict_is_ignored(tmp_path, track):
    path = write_media(tmp_path / "a.mov", times_s=steady(4.0), tones_hz=[440.0], sound_s=4.0)
    media = PyAVProbe().probe(with_step(path, track, 0, 9.0))
    assert media.duration_s == pytest.approx(4.0, abs=0.2) and heard_s(path) < 5.0
    assert any("false time" in warning for warning in media.warnings)
    shown = [frame.pts_s for frame in PyAVFrames().sample(path, span=media.whole, every_s=0.5, max_side=0)]
    assert all(time_s < 5.0 for time_s in shown)


def test_one_false_step_in_a_table_of_times_makes_no_film_without_sound_longer(tmp_path):
    path = write_media(tmp_path / "a.mp4", times_s=[*steady(2.0), *steady(2.0, start_s=2.05)], options={"bf": "0"})
    media = PyAVProbe().probe(with_step(path, 0, 1, 3000.0))
    assert media.duration_s == pytest.approx(2.0, abs=0.2)
    assert any("the rest is missing" in warning for warning in media.warnings)
    assert any("false time" in warning for warning in media.warnings)
    assert greys(path, 1.0) == pytest.approx([grey_at(1.0)], abs=3)


def test_a_last_packet_far_beyond_the_header_is_ignored(tmp_path):
    path = write_media(
        tmp_path / "a.webm",
        times_s=steady(4.0),
        codec="libvpx",
        tones_hz=[440.0],
        sound_s=4.0,
        audio_codec="libopus",
    )
    with av.open(str(path)) as container:
        sound = [packet for packet in container.demux(audio=0) if packet.size]
    data, start = bytearray(path.read_bytes()), sound[-1].pos
    assert data[start] == 0x82  # the number of the track; then the time in the cluster
    struct.pack_into(">h", data, start + 1, struct.unpack_from(">h", data, start + 1)[0] + 8000)
    path.write_bytes(data)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(4.0, abs=0.2) and heard_s(path) < 5.0
    assert any("1 damaged packet(s) carry a false time" in warning for warning in media.warnings)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("whole.mp4", {}),
        ("pieces.mp4", {"movflags": "frag_keyframe+empty_moov"}),
        ("film.mkv", {}),
        ("live.webm", {"live": "1"}),
    ],
)
@pytest.mark.parametrize("times_s", [[*steady(2.0), 9.5], [*steady(2.0), *steady(2.0, start_s=9.0)]])
def test_a_screencast_that_stands_still_keeps_its_times(tmp_path, name, options, times_s):
    is_webm = name.endswith("webm")
    path = write_media(
        tmp_path / name,
        times_s=times_s,
        tones_hz=[440.0],
        sound_s=2.0,
        codec="libvpx" if is_webm else "libx264",
        audio_codec="libopus" if is_webm else "aac",
        container_options=options,
    )
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(times_s[-1], abs=0.3)
    assert not any("false" in warning or "one after another" in warning for warning in media.warnings)
    assert greys(path, 5.0, times_s[-1] + 0.25) == pytest.approx([grey_at(1.9), grey_at(times_s[-1])], abs=3)
