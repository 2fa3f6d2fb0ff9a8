"""Every AudioSource: 16 kHz mono, on the video's clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.core.errors import BadInput
from app.core.ports import AudioSource
from app.core.types import TimeSpan
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.fakes import FakeAudio
from tests.media_files import write_media


@pytest.fixture(params=[PyAVAudio, FakeAudio])
def source(request) -> AudioSource:
    return request.param()


@pytest.fixture(scope="module")
def minute(tmp_path_factory) -> Path:
    """A minute of tone with a pause from 29 to 30 s."""
    path = tmp_path_factory.mktemp("media") / "minute.m4a"
    return write_media(path, tones_hz=[440.0], sound_s=60.0, silent=(29.0, 30.0))


def test_it_plays_the_port(source):
    assert isinstance(source, AudioSource)


def test_samples_have_the_length_of_the_span(source, minute):
    for start, end in ((0.0, 1.0), (3.3, 7.77), (5.0, 5.0), (59.5, 62.0), (100.0, 101.0)):
        samples = source.samples(minute, TimeSpan(start, end))
        assert samples.shape == (round((end - start) * 16_000),) and samples.dtype == np.float32
        assert np.abs(samples).max(initial=0.0) <= 1.0


def test_a_pause_lies_where_it_is(source, minute):
    samples = source.samples(minute, TimeSpan(28.0, 31.0))
    loud = [float(np.sqrt(np.mean(np.square(part)))) for part in samples.reshape(3, -1)]
    assert loud[1] < 0.03 < 0.15 < min(loud[0], loud[2])


def test_past_the_end_there_is_silence(source, minute):
    assert not source.samples(minute, TimeSpan(61.0, 62.0)).any()


def test_a_survey_keeps_loudness_and_cuts_in_the_pause(source, minute):
    survey = source.survey(minute, chunk_s=31.0)
    assert survey.loudness.shape == (600,) or abs(len(survey.loudness) - 600) <= 1
    assert survey.loudness[290:299].max() < 0.03 < 0.15 < survey.loudness[200:230].mean()
    assert survey.chunks[0].start_s == 0.0 and survey.chunks[-1].end_s == pytest.approx(60.0, abs=0.1)
    assert all(a.end_s == b.start_s for a, b in zip(survey.chunks, survey.chunks[1:], strict=False))
    assert 29.0 <= survey.chunks[0].end_s <= 30.0


def test_a_missing_file_is_a_bad_input(source, tmp_path):
    with pytest.raises(BadInput):
        source.samples(tmp_path / "gone.mp4", TimeSpan(0.0, 1.0))
