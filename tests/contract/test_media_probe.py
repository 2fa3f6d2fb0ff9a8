"""Every MediaProbe."""

from __future__ import annotations

import pytest

from app.core.errors import BadInput
from app.core.ports import MediaProbe
from gpu_workers.media.fakes import FakeProbe
from gpu_workers.media.probe import PyAVProbe
from tests.media_files import steady, write_media


@pytest.fixture(params=[PyAVProbe, FakeProbe])
def probe(request) -> MediaProbe:
    return request.param()


def test_it_plays_the_port(probe):
    assert isinstance(probe, MediaProbe)


def test_a_video_with_sound_has_a_length_and_both_streams(probe, tmp_path):
    path = write_media(tmp_path / "a.mp4", times_s=steady(2.0), tones_hz=[440.0])
    media = probe.probe(path)
    assert media.duration_s > 1.5 and media.size_bytes == path.stat().st_size
    assert media.video is not None and media.video.codec == "h264"
    assert [track.index for track in media.audio] == [0]
    assert media.warnings == ()


@pytest.mark.parametrize("name", ["missing.mp4", "empty.mp4", "folder.mp4"])
def test_what_is_no_file_is_refused_with_a_hint(probe, tmp_path, name):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(BadInput) as caught:
        probe.probe(tmp_path / name)
    assert caught.value.message.endswith(".") and caught.value.hint.endswith(".")
