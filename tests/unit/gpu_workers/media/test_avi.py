"""AVI files have no times: packets are counted, and after damage only the index knows when they are shown."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks.fuzz_files import write_source
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.probe import PyAVProbe
from tests.media_files import steady, truncated, write_media, zeroed


def test_a_cut_off_avi_file_misses_what_its_header_promises(tmp_path):
    path = truncated(write_source(tmp_path / "film.avi"), 0.5)
    assert any("promises 6 s" in warning for warning in PyAVProbe().probe(path).warnings)


def test_pictures_that_would_last_hours_each_do_not_make_a_file_longer(tmp_path):
    data = bytearray(write_source(tmp_path / "a.avi").read_bytes())
    scale = data.index(b"vids") + 20
    data[scale + 2] ^= 0x5B
    (tmp_path / "b.avi").write_bytes(data)
    media = PyAVProbe().probe(tmp_path / "b.avi")
    assert media.duration_s == pytest.approx(6.0, abs=0.3) and any("no usable times" in one for one in media.warnings)


def test_after_a_loss_the_index_of_an_avi_file_says_what_time_it_is(tmp_path):
    whole = write_source(tmp_path / "a.avi")
    path = zeroed(tmp_path / "b.avi", whole, 0.3, 0.5)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(PyAVProbe().probe(whole).duration_s, abs=0.3)
    assert len(media.warnings) == 1 and "cannot be read" in media.warnings[0]
    (shown,), (same,) = (list(PyAVFrames().at(one, [5.0], max_side=160)) for one in (path, whole))
    assert shown.pts_s == pytest.approx(5.0, abs=0.11)
    assert np.abs(shown.image.astype(int) - same.image.astype(int)).mean() < 30  # other pictures of noise: 85


def test_what_was_cut_out_of_an_avi_file_is_named_and_the_rest_is_in_its_place(tmp_path):
    whole = write_source(tmp_path / "a.avi")
    data, path = whole.read_bytes(), tmp_path / "b.avi"
    path.write_bytes(data[: len(data) * 3 // 10] + data[len(data) // 2 :])
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(PyAVProbe().probe(whole).duration_s, abs=0.1)
    assert len(media.warnings) == 1 and re.search(
        r"1\.\d s cannot be read \(1\.\d s to [23]\.\d s\)", media.warnings[0]
    )
    (shown,), (same,) = (list(PyAVFrames().at(one, [5.0], max_side=160)) for one in (path, whole))
    assert shown.pts_s == pytest.approx(5.0, abs=0.11)
    assert np.abs(shown.image.astype(int) - same.image.astype(int)).mean() < 30  # other pictures of noise: 85


def test_the_index_of_an_avi_file_is_not_taken_for_packets(tmp_path):
    source = write_media(tmp_path / "a.avi", times_s=steady(6.0), codec="mpeg4")  # by the millisecond: a long index
    data, path = bytearray(source.read_bytes()), tmp_path / "b.avi"
    index = data.rfind(b"idx1")
    assert index > 0
    data[index - 4000 : index + 8000] = bytes(12_000)
    path.write_bytes(data)
    media = PyAVProbe().probe(path)
    assert 4.0 < media.duration_s < 6.5
    times = [frame.pts_s for frame in PyAVFrames().sample(path, span=media.whole, every_s=0.5, max_side=0)]
    assert times[-1] < 6.5


def test_a_beginning_that_changed_places_does_not_turn_the_index_into_packets(tmp_path):
    data, path = bytearray(write_source(tmp_path / "a.avi").read_bytes()), tmp_path / "b.avi"
    head, far = data.index(b"movi") - 8, len(data) * 2 // 5
    data[head : head + 900], data[far : far + 900] = data[far : far + 900], data[head : head + 900]
    path.write_bytes(data)
    assert PyAVProbe().probe(path).duration_s == pytest.approx(6.0, abs=0.5)


@pytest.mark.parametrize("name", [b"00dc", b"01wb"])
@pytest.mark.parametrize(("byte", "bit"), [(15, 0x40), (11, 0x01), (13, 0x10)])
def test_one_flipped_bit_in_the_index_of_an_avi_file_costs_nothing(tmp_path, name, byte, bit):
    """In the size of a packet, or in its place."""
    path = write_source(tmp_path / "a.avi")
    data = bytearray(path.read_bytes())
    data[data.find(name, data.rfind(b"idx1") + 2000) + byte] ^= bit
    path.write_bytes(data)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(6.0, abs=0.3)
    assert set(media.warnings) <= {"The index of the file is damaged: the file is read without it."}
    loudness = PyAVAudio().survey(path, chunk_s=30.0).loudness
    assert 59 <= len(loudness) <= 62 and (loudness > 0.05).mean() > 0.95
    shown = [frame.pts_s for frame in PyAVFrames().at(path, [5.5, 0.5], max_side=0)]
    assert shown == pytest.approx([5.5, 0.5], abs=0.11)
