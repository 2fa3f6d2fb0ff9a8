"""Key frames come from the packets, at the times at which they are shown."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.errors import BadInput
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.selection.keyframes import KeyframeSelector, keyframe_times
from tests.media_files import grey_at, steady, write_media
from tests.unit.gpu_workers.selection.made_up import axis, shown


@pytest.fixture
def video(tmp_path):
    return write_media(tmp_path / "a.mp4", times_s=steady(8), options={"g": "20", "sc_threshold": "0", "bf": "2"})


def test_they_lie_where_the_encoder_put_them_and_decode_to_those_pictures(video):
    times = keyframe_times(video)
    assert times == pytest.approx([0.0, 2.0, 4.0, 6.0])
    frames = list(PyAVFrames().at(video, times, max_side=0))
    assert [frame.pts_s for frame in frames] == pytest.approx(times)
    assert [np.median(frame.image) for frame in frames] == pytest.approx([grey_at(t) for t in times], abs=4)


def test_a_file_without_pictures_has_none(tmp_path):
    assert keyframe_times(write_media(tmp_path / "a.m4a", tones_hz=[440.0])) == []


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BadInput):
        keyframe_times(tmp_path / "none.mp4")


def test_the_nearest_candidates_are_taken_and_thinned(video):
    candidates = shown([axis(0)] * 8)
    assert KeyframeSelector.of_file(video).select(candidates, 9) == [0, 2, 4, 6]
    assert KeyframeSelector([1.4, 1.6, 99.0]).select(candidates, 9) == [1, 2, 7]
    assert KeyframeSelector([0.0, 2.0, 4.0, 6.0]).select(candidates, 2) == [2, 6]


def test_a_video_whose_key_frames_are_unknown_gets_even_frames():
    assert KeyframeSelector([]).select(shown([axis(0)] * 8), 2) == [2, 6]
