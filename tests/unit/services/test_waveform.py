"""How loud a video is over time: measured once, thinned to what a page can show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bootstrap import Services, build
from app.core.errors import NotFound
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.types import AudioMap
from app.services.waveform import waveform
from tests.integration.offline_fakes import environment
from tests.media_files import steady, write_media


def a_map(*loudness: float) -> AudioMap:
    return AudioMap(np.array(loudness, np.float32), 0.1, ())


def test_a_peak_is_the_loudest_of_its_step() -> None:
    thinned = waveform(a_map(0.1, 0.5, 0.2, 0.0, 0.3, 0.0), 3)
    assert thinned.peaks == (0.5, 0.2, 0.3) and thinned.step_s == pytest.approx(0.2)


def test_a_short_track_has_no_more_peaks_than_were_measured() -> None:
    assert waveform(a_map(0.1, 2.0), 1000).peaks == (0.1, 1.0)
    assert waveform(a_map(), 1000).peaks == ()


@given(st.integers(1, 3000), st.integers(1, 500))
def test_the_peaks_cover_the_track_and_lose_no_loud_place(measured: int, points: int) -> None:
    loudness = np.zeros(measured, np.float32)
    loudness[measured // 3] = 0.75
    thinned = waveform(AudioMap(loudness, 0.1, ()), points)
    assert len(thinned.peaks) == min(measured, points)
    assert thinned.step_s * len(thinned.peaks) == pytest.approx(measured * 0.1)
    place = thinned.peaks.index(0.75)
    assert abs(place * thinned.step_s - measured // 3 * 0.1) <= thinned.step_s + 0.1


@pytest.fixture
def longreel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    return build(load_settings())


def test_a_tone_and_a_silence_are_seen_where_they_are_also_when_the_file_is_gone(
    longreel: Services, tmp_path: Path
) -> None:
    clip = write_media(
        tmp_path / "tone.mkv", tones_hz=[440.0], sound_s=6.0, missing=(2.0, 4.0), audio_codec="pcm_s16le"
    )
    video = longreel.ingest.run(IngestRequest(clip))
    clip.unlink()
    drawn = waveform(longreel.ingest.sound(video), 1000)
    assert drawn.step_s == pytest.approx(0.1) and len(drawn.peaks) in (60, 61)
    assert max(drawn.peaks[22:39]) == 0 and min(drawn.peaks[:19] + drawn.peaks[42:59]) > 0.2


def test_a_video_that_was_read_with_other_settings_is_measured_once_more(longreel: Services, tmp_path: Path) -> None:
    clip = write_media(tmp_path / "tone.mkv", tones_hz=[440.0], sound_s=2.0, audio_codec="pcm_s16le")
    video = longreel.ingest.run(IngestRequest(clip))
    settings = longreel.settings.model_copy(
        update={"ingest": longreel.settings.ingest.model_copy(update={"chunk_s": 77.0})}
    )
    other = build(settings)
    assert min(other.ingest.sound(video).loudness) > 0.2
    clip.unlink()
    assert min(other.ingest.sound(video).loudness) > 0.2


def test_a_video_without_sound_has_no_peaks(longreel: Services, tmp_path: Path) -> None:
    video = longreel.ingest.run(IngestRequest(write_media(tmp_path / "still.mp4", times_s=steady(2))))
    assert longreel.ingest.sound(video).loudness.shape == (0,)


def test_a_video_that_is_being_read_has_none_yet(longreel: Services, tmp_path: Path) -> None:
    video = longreel.ingest.run(IngestRequest(write_media(tmp_path / "still.mp4", times_s=steady(2))))
    with pytest.raises(NotFound, match="not ready yet"):
        longreel.ingest.sound(replace(video, ready=False))
