"""A damaged time that makes a file much longer than its header says is ignored; true pauses stay."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.probe import PyAVProbe
from tests.media_files import RATE, grey_at, greys, steady, write_media


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


def broadcast(path: Path) -> Path:
    """Six seconds of moving noise and a tone, as a recorder of television writes them."""
    with av.open(str(path), "w") as out:
        video, sound = out.add_stream("mpeg2video", rate=25), out.add_stream("mp2", rate=RATE, layout="mono")
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        dice, packets = np.random.default_rng(0), []
        for number in range(150):
            frame = av.VideoFrame.from_ndarray(dice.integers(0, 256, (48, 64, 3), dtype=np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            packets += video.encode(frame)
        for first in range(0, 6 * RATE, 1152):
            wave = (8000 * np.sin(np.arange(first, first + 1152) * 440 * 2 * np.pi / RATE)).astype(np.int16)
            tone = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
            tone.sample_rate, tone.pts, tone.time_base = RATE, first, Fraction(1, RATE)
            packets += sound.encode(tone)
        for packet in sorted(packets, key=lambda one: float(one.dts * one.time_base)):
            out.mux(packet)
    return path


@pytest.mark.parametrize(("first", "second"), [(0.1, 0.5), (0.4, 0.7), (0.3, 0.45)])
def test_a_recording_of_television_whose_parts_changed_places_is_no_longer(tmp_path, first, second):
    data = broadcast(tmp_path / "a.vob").read_bytes()
    one, other, size = int(len(data) * first), int(len(data) * second), len(data) // 8
    (tmp_path / "b.vob").write_bytes(
        data[:one]
        + data[other : other + size]
        + data[one + size : other]
        + data[one : one + size]
        + data[other + size :]
    )
    media = PyAVProbe().probe(tmp_path / "b.vob")
    assert 4.5 < media.duration_s < 9.0 and heard_s(tmp_path / "b.vob") < 9.0
    assert any("parts are placed one after another" in warning for warning in media.warnings)
