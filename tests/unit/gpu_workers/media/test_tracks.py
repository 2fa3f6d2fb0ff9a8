"""Which picture stream of a file is the video."""

from __future__ import annotations

import pytest

from app.core.errors import BadInput
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.probe import PyAVProbe
from tests.media_files import grey_at, noise, steady, with_streams, write_media


def test_a_thumbnail_before_the_pictures_is_not_the_video(tmp_path):
    thumbnail = write_media(tmp_path / "a.mkv", times_s=[0.0], size=(320, 240), options={"bf": "0"})
    path = with_streams(
        tmp_path / "c.mkv", thumbnail, write_media(tmp_path / "b.mkv", times_s=steady(6.0, 25.0), options={"bf": "0"})
    )
    media = PyAVProbe().probe(path)
    assert media.video is not None and media.video.width == 64 and media.duration_s == pytest.approx(6.0, abs=0.1)
    assert any("2 picture tracks" in warning and "track 1 (64x48) is read" in warning for warning in media.warnings)
    [frame] = PyAVFrames().at(path, [5.0], max_side=0)
    assert frame.image[frame.image.shape[0] // 2 :].mean() == pytest.approx(grey_at(5.0), abs=3)


@pytest.mark.parametrize("grey_first", [True, False])
def test_a_camera_that_shows_nothing_is_not_the_video_and_can_be_chosen(tmp_path, grey_first):
    nothing = write_media(tmp_path / "a.mkv", times_s=[0.0, 2.0, 4.0, 5.9], size=(320, 240), options={"bf": "0"})
    noisy = noise(tmp_path / "b.mkv", 6.0)
    files = (nothing, noisy) if grey_first else (noisy, nothing)
    path = with_streams(tmp_path / "c.mkv", *files)
    assert (media := PyAVProbe().probe(path)).video is not None and media.video.width == 160
    chosen = PyAVProbe().probe(path, track=0 if grey_first else 1)
    assert chosen.video is not None and chosen.video.width == 320 and chosen.picture_track is not None
    assert next(iter(PyAVFrames().at(path, [2.0], max_side=0, track=chosen.picture_track))).image.shape[1] == 320
    with pytest.raises(BadInput, match="no picture track 2"):
        PyAVProbe().probe(path, track=2)


def test_a_covered_camera_is_not_the_video_although_its_writer_flagged_the_first_track(tmp_path):
    grey = noise(tmp_path / "a.mkv", 3.0, shown=120)
    path = with_streams(tmp_path / "c.mkv", grey, noise(tmp_path / "b.mkv", 3.0), default=0)
    assert any("track 1 (160x120) is read" in warning for warning in PyAVProbe().probe(path).warnings)


def test_the_default_flag_chooses_among_real_pictures(tmp_path):
    small, large = (
        write_media(tmp_path / "a.mkv", times_s=steady(3.0), options={"bf": "0"}),
        noise(tmp_path / "b.mkv", 3.0),
    )
    for flagged, width in ((0, 64), (1, 160)):
        path = with_streams(tmp_path / f"{flagged}.mkv", small, large, default=flagged)
        assert (media := PyAVProbe().probe(path)).video is not None and media.video.width == width
