"""Edit lists of MP4 files: parts that are left out, repeated, put in another order, and pauses between them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app.core.types import TimeSpan
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.clip import cut
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.probe import PyAVProbe
from gpu_workers.media.video_frames import VideoFrames
from tests.media_files import grey_at, steady, write_media

Edit = tuple[float, float | None]
"""How long a part is, and where it begins in the track; None where nothing is shown. Seconds."""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Twelve seconds of pictures, which begin 0.2 s into their track, and six of sound before six of silence."""
    path = tmp_path_factory.mktemp("edits") / "a.mp4"
    options = {"g": "25", "bf": "2"}
    return write_media(path, times_s=steady(12.0), tones_hz=[440.0], sound_s=12.0, silent=(6.0, 12.0), options=options)


def edited(path: Path, source: Path, edits: Sequence[Edit]) -> Path:
    """A copy whose tracks are shown by these edits."""
    path.write_bytes(_with_edits(source.read_bytes(), edits))
    return path


def _with_edits(data: bytes, edits: Sequence[Edit], scale: int = 0) -> bytes:
    result, at = b"", 0
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + size]
        if name in (b"moov", b"trak"):
            header = body.index(b"mdhd")
            body = _with_edits(body, edits, struct.unpack_from(">I", body, header + 16)[0])
        if name != b"edts":
            result += struct.pack(">I4s", 8 + len(body), name) + body
        if name == b"tkhd":
            entries = [
                (round(length_s * 1000), -1 if start_s is None else round(start_s * scale), 0x10000)
                for length_s, start_s in edits
            ]
            table = struct.pack(">II", 0, len(entries)) + b"".join(struct.pack(">IiI", *entry) for entry in entries)
            result += struct.pack(">I4sI4s", 16 + len(table), b"edts", 8 + len(table), b"elst") + table
        at += size
    return result


def shown_at(edits: Sequence[Edit], time_s: float) -> float | None:
    """The time in the pictures at a time of the presentation."""
    for length_s, start_s in edits:
        if time_s < length_s:
            return None if start_s is None else start_s - 0.2 + time_s
        time_s -= length_s
    return None


EDITS = [
    [(3.0, 0.2), (4.0, None), (5.0, 5.2)],
    [(3.0, 1.2), (3.0, 6.2)],
    [(3.0, 6.2), (3.0, 1.2)],
    [(2.0, 3.2), (2.0, 3.2), (2.0, 3.2)],
    [(11.0, 0.5), (11.0, 0.5)],
    [(2.5, 1.25), (1.0, None), (2.0, 6.75), (1.0, 3.3)],
    [(2.0, 1.2), (0.5, None), (2.0, 4.2), (1.5, None), (2.0, 8.2)],
]


@pytest.mark.parametrize("edits", EDITS)
@pytest.mark.parametrize("frames", [PyAVFrames(), VideoFrames()])
def test_pictures_are_shown_when_the_edit_list_says(tmp_path, source, edits, frames):
    path = edited(tmp_path / "b.mp4", source, edits)
    length_s = sum(length_s for length_s, _ in edits)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(length_s, abs=0.2) and not media.warnings
    times_s = [0.25 + 0.5 * number for number in range(round(2 * length_s))]
    together = [frame.image[24:].mean() for frame in frames.at(path, times_s, max_side=0)]
    alone = [next(frames.at(path, [time_s], max_side=0)).image[24:].mean() for time_s in times_s[::3]]
    assert alone == pytest.approx(together[::3], abs=1)
    for time_s, grey in zip(times_s, together, strict=True):
        steps_back = (shown_at(edits, time_s - back / 20) for back in range(90))  # the last picture stands in a pause
        true_s = next(one for one in steps_back if one is not None)
        assert grey == pytest.approx(grey_at(true_s), abs=3), time_s


@pytest.mark.parametrize("edits", EDITS)
def test_sound_is_heard_when_the_edit_list_says(tmp_path, source, edits):
    path = edited(tmp_path / "b.mp4", source, edits)
    length_s = sum(length_s for length_s, _ in edits)
    samples = PyAVAudio().samples(path, TimeSpan(0.0, length_s))
    for number in range(round(2 * length_s)):
        true_s = shown_at(edits, 0.25 + 0.5 * number)
        loud = np.abs(samples[8000 * number + 3200 : 8000 * number + 4800]).mean() > 0.05
        assert loud == (true_s is not None and true_s + 0.2 < 6.0), number


@pytest.mark.parametrize("start_s", [0.0, 3.0])
def test_a_clip_of_an_edited_film_is_cut(tmp_path, source, start_s):
    path = edited(tmp_path / "b.mp4", source, EDITS[1])
    span = cut(path, TimeSpan(start_s, start_s + 2.0), tmp_path / "clip.mp4")
    assert span.end_s == pytest.approx(start_s + 2.0, abs=0.2)


def test_an_edit_list_of_thousands_of_parts_is_ignored(tmp_path, source):
    media = PyAVProbe().probe(edited(tmp_path / "c.mp4", source, [(11.0, 0.5)] * 3000))
    assert media.duration_s == pytest.approx(12.0, abs=0.5)
    assert any("edit list of the file is ignored" in warning for warning in media.warnings)
