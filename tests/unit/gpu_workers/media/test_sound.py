"""Sound stays on the video's clock, whatever the track looks like."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadInput
from app.core.types import SoundChoice, TimeSpan
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.loudness import LoudnessMeter, quiet_cuts
from gpu_workers.media.probe import PyAVProbe
from tests.media_files import steady, write_media


def pitch(samples) -> float:
    """The strongest frequency, Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax()) * 16_000 / len(samples)


def loudness(samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def test_a_track_is_chosen_by_its_place_and_the_first_by_default(tmp_path):
    path = write_media(tmp_path / "two.mkv", times_s=steady(2.0), tones_hz=[400.0, 1000.0])
    assert [track.index for track in PyAVProbe().probe(path).audio] == [0, 1]
    span = TimeSpan(0.5, 1.5)
    assert pitch(PyAVAudio().samples(path, span)) == pytest.approx(400, abs=3)
    assert pitch(PyAVAudio().samples(path, span, SoundChoice(1))) == pytest.approx(1000, abs=3)
    with pytest.raises(BadInput, match="no sound track 2"):
        PyAVAudio().samples(path, span, SoundChoice(2))


@pytest.mark.parametrize(("layout", "codec"), [("stereo", "aac"), ("5.1", "aac"), ("mono", "libopus")])
def test_every_layout_becomes_mono_without_losing_the_voice(tmp_path, layout, codec):
    path = write_media(tmp_path / "a.mkv", tones_hz=[440.0], layout=layout, audio_codec=codec)
    samples = PyAVAudio().samples(path, TimeSpan(0.5, 1.5))
    assert pitch(samples) == pytest.approx(440, abs=3)
    assert loudness(samples) > 0.2 and np.abs(samples).max() <= 1.0


def test_samples_that_are_no_numbers_are_silent_and_the_rest_is_heard(tmp_path):
    path = write_media(tmp_path / "a.wav", tones_hz=[440.0], sound_s=6.0, audio_codec="pcm_f32le")
    sound = path.read_bytes()
    header, body = sound[: sound.index(b"data") + 8], np.frombuffer(sound[sound.index(b"data") + 8 :], "<f4").copy()
    body[len(body) // 2], body[len(body) // 4] = np.nan, np.inf
    path.write_bytes(header + body.tobytes())
    samples = PyAVAudio().samples(path, TimeSpan(0.0, 6.0))
    assert np.isfinite(samples).all() and pitch(samples) == pytest.approx(440, abs=3)
    survey = PyAVAudio().survey(path, chunk_s=3.0)
    assert survey.loudness.min() > 0.2 and len(survey.chunks) == 2


def test_sound_that_starts_after_the_picture_is_preceded_by_silence(tmp_path):
    path = write_media(tmp_path / "late.mkv", times_s=steady(5.0), tones_hz=[440.0], sound_start_s=2.0)
    samples = PyAVAudio().samples(path, TimeSpan(0.0, 4.0))
    assert not samples[: int(1.9 * 16_000)].any()
    assert loudness(samples[int(2.1 * 16_000) : int(3.9 * 16_000)]) > 0.2
    survey = PyAVAudio().survey(path, chunk_s=30.0)
    assert survey.loudness[:19].max() == 0.0 and survey.chunks[0].start_s == 0.0


def test_a_gap_in_the_timestamps_is_filled_so_that_later_sound_is_in_its_place(tmp_path):
    path = write_media(tmp_path / "gap.mkv", tones_hz=[440.0], sound_s=6.0, missing=(2.0, 4.0), audio_codec="pcm_s16le")
    samples = PyAVAudio().samples(path, TimeSpan(0.0, 6.0))
    assert loudness(samples[int(2.1 * 16_000) : int(3.9 * 16_000)]) == 0.0
    assert loudness(samples[int(4.1 * 16_000) : int(5.9 * 16_000)]) > 0.2
    assert PyAVAudio().survey(path, chunk_s=30.0).loudness[22:39].max() == 0.0


def test_a_gap_in_the_sound_is_named_and_silence_at_its_beginning_is_none(tmp_path):
    path = write_media(
        tmp_path / "a.mkv", times_s=steady(6.0), tones_hz=[440.0], sound_s=5.0, sound_start_s=1.0, missing=(1.0, 3.0)
    )
    (gap,) = PyAVAudio().survey(path, chunk_s=30.0).gaps
    assert (gap.start_s, gap.end_s) == (pytest.approx(2.0, abs=0.1), pytest.approx(4.0, abs=0.1))


def test_sound_that_cannot_be_decoded_to_the_end_is_named(tmp_path):
    """A broadcast that goes on with another codec."""
    first, second = (
        write_media(tmp_path / f"{codec}.ts", times_s=steady(4.0), tones_hz=[440.0], sound_s=4.0, audio_codec=codec)
        for codec in ("aac", "libmp3lame")
    )
    path = tmp_path / "joined.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    (gap,) = PyAVAudio().survey(path, chunk_s=30.0).gaps
    assert (gap.start_s, gap.end_s) == (pytest.approx(4.0, abs=0.2), pytest.approx(8.0, abs=0.2))
    assert not PyAVAudio().survey(first, chunk_s=30.0).gaps


def test_a_span_in_the_middle_is_the_same_sound_as_in_the_whole(tmp_path):
    path = write_media(
        tmp_path / "a.mp4", times_s=steady(12.0), tones_hz=[440.0], sound_s=12.0, silent=(7.0, 7.5), layout="stereo"
    )
    whole = PyAVAudio().samples(path, TimeSpan(0.0, 12.0))
    part = PyAVAudio().samples(path, TimeSpan(6.5, 8.0))
    assert np.abs(whole[104_000 : 104_000 + len(part)] - part).max() < 0.04


def test_a_file_without_sound_is_silent(tmp_path):
    path = write_media(tmp_path / "mute.mp4", times_s=steady(2.0))
    survey = PyAVAudio().survey(path, chunk_s=30.0)
    assert survey.chunks == () and survey.loudness.shape == (0,)
    assert not PyAVAudio().samples(path, TimeSpan(0.0, 1.0)).any()


@given(portions=st.lists(st.integers(0, 5000), max_size=20))
def test_loudness_does_not_depend_on_the_portions(portions):
    samples = np.random.default_rng(1).normal(size=sum(portions)).astype(np.float32)
    meter, whole = LoudnessMeter(16_000), LoudnessMeter(16_000)
    for end, count in zip(np.cumsum(portions), portions, strict=True):
        meter.add(samples[end - count : end])
    whole.add(samples)
    assert np.allclose(meter.result(), whole.result(), atol=1e-6)
    assert len(whole.result()) == -(-len(samples) // 1600)


@given(seconds=st.floats(0.1, 2000), chunk_s=st.floats(30, 300), seed=st.integers(0, 5))
def test_chunks_cover_the_track_and_keep_near_their_length(seconds, chunk_s, seed):
    levels = np.random.default_rng(seed).random(round(seconds * 10)).astype(np.float32)
    chunks = quiet_cuts(levels, seconds, chunk_s)
    assert chunks[0].start_s == 0.0 and chunks[-1].end_s == seconds
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(chunks))
    assert all(abs(chunk.duration_s - chunk_s) <= 10.01 for chunk in chunks[:-1])
    assert chunks[-1].duration_s <= chunk_s + 10.01


def test_cuts_fall_into_the_quietest_half_second():
    levels = np.full(1200, 0.5, dtype=np.float32)
    levels[640:650] = 0.01
    levels[612] = 0.0
    assert 64.0 <= quiet_cuts(levels, 120.0, 60.0)[0].end_s <= 65.0
