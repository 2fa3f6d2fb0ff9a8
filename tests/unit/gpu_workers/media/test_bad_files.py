"""What cannot be read is refused with one clear sentence; what is only damaged is read as far as it goes."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from app.core.errors import BadInput
from app.core.types import MediaInfo, TimeSpan, from_json, to_json
from gpu_workers.media import opening
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.probe import PyAVProbe
from gpu_workers.media.video_frames import VideoFrames
from tests.media_files import steady, truncated, with_cover, write_media

SAMPLE = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


def refused(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        PyAVProbe().probe(path)
    assert caught.value.hint
    return caught.value.message


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_git_lfs_pointer_is_named_as_one(tmp_path):
    assert "Git LFS pointer" in refused(written(tmp_path / "a.mp4", SAMPLE))


def test_text_renamed_to_mp4_is_no_video(tmp_path):
    assert "not a video" in refused(written(tmp_path / "a.mp4", b"Dear diary,\n" * 500))


def test_random_bytes_are_no_video(tmp_path):
    data = np.random.default_rng(0).integers(0, 256, 50_000, dtype=np.uint8).tobytes()
    assert refused(written(tmp_path / "a.mp4", data))


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{path}'\n",
        "1\n00:00:01,000 --> 00:00:02,000\nHi\n",
    ],
)
def test_a_playlist_or_subtitle_is_not_followed_to_other_files(tmp_path, text):
    video = write_media(tmp_path / "real.mp4", times_s=steady(1.0))
    assert "not a video" in refused(written(tmp_path / "list.mp4", text.format(path=video).encode()))


def test_an_mp4_whose_index_is_cut_off_says_so(tmp_path):
    path = truncated(write_media(tmp_path / "a.mp4", times_s=steady(3.0)), 0.5)
    assert "index is missing" in refused(path)


@pytest.mark.parametrize("name", ["huge.mkv", "huge.avi"])
def test_pictures_of_too_many_pixels_are_refused_before_one_is_decoded(tmp_path, name):
    path = tmp_path / name
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 8256, 8192, "yuvj420p"
        out.mux(stream.encode(av.VideoFrame(8256, 8192, "yuvj420p")))
    with pytest.raises(BadInput, match="too large: 8256 x 8192 pixels; at most 67 million"):
        PyAVProbe().probe(path)


def test_pictures_that_become_too_large_in_mid_file_are_damage(tmp_path, monkeypatch):
    small, large, joined = (tmp_path / name for name in ("small.ts", "large.ts", "film.ts"))
    write_media(small, times_s=steady(2.0), size=(64, 48))
    write_media(large, times_s=steady(2.0), size=(320, 240))
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    monkeypatch.setitem(opening.DECODER, "max_pixels", "10000")
    shown = list(PyAVFrames().sample(joined, span=PyAVProbe().probe(joined).whole, every_s=0.5, max_side=0))
    assert shown and {frame.image.shape[:2] for frame in shown} == {(48, 64)}


def test_sound_of_a_billion_samples_a_second_is_refused(tmp_path):
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(bytes(48_000))
    data = bytearray(path.read_bytes())
    data[24:28] = (1_107_344_256).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(BadInput, match="nothing to ingest"):
        PyAVProbe().probe(path)


def test_a_pipe_is_refused_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "regular file" in refused(tmp_path / "pipe.mp4")


def test_a_file_that_disappears_between_two_readings_is_a_bad_input(tmp_path):
    path = write_media(tmp_path / "a.mp4", times_s=steady(3.0), tones_hz=[440.0])
    PyAVProbe().probe(path)
    path.unlink()
    with pytest.raises(BadInput, match="There is no file"):
        next(iter(VideoFrames().sample(path, span=TimeSpan(0, 3), every_s=1.0, max_side=0)))
    with pytest.raises(BadInput, match="There is no file"):
        PyAVAudio().survey(path, chunk_s=30.0)


def test_a_file_removed_while_it_is_read_is_still_read_to_its_end(tmp_path):
    path = write_media(tmp_path / "a.mp4", times_s=steady(6.0))
    frames = VideoFrames().sample(path, span=TimeSpan(0, 6), every_s=1.0, max_side=0)
    next(frames)
    path.unlink()
    assert len(list(frames)) == 5


def test_an_mp4_with_its_index_in_front_and_a_missing_tail_is_measured(tmp_path):
    whole = write_media(
        tmp_path / "a.mp4", times_s=steady(20.0), size=(320, 240), container_options={"movflags": "faststart"}
    )
    media = PyAVProbe().probe(truncated(whole, 0.6))
    assert 4.0 < media.duration_s < 18.0
    assert "the rest is missing" in media.warnings[0]


def test_pictures_that_cannot_be_decoded_are_left_out_and_remembered(tmp_path):
    path = write_media(tmp_path / "a.mp4", times_s=steady(2.0), tones_hz=[440.0])
    assert not PyAVProbe().probe(path).unread
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as film:
        for packet in film.demux(video=0):
            if packet.size and packet.pos:
                data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    path.write_bytes(data)
    media = PyAVProbe().probe(path)
    assert media.video is None and media.audio
    assert media.unread == (("pictures", "The pictures (h264) cannot be decoded and are left out."),)
    assert from_json(MediaInfo, to_json(media)) == media


def test_a_piece_of_a_stream_is_refused_with_what_it_needs(tmp_path):
    options = {"movflags": "frag_keyframe+empty_moov"}
    data = write_media(tmp_path / "a.mp4", times_s=steady(2.0), container_options=options).read_bytes()
    assert "without its beginning" in refused(written(tmp_path / "b.mp4", data[data.index(b"moof") - 4 :]))


def test_a_cover_picture_is_not_the_video(tmp_path):
    path = with_cover(tmp_path / "b.mp4", write_media(tmp_path / "a.mp4", times_s=steady(2.0), tones_hz=[440.0]))
    media = PyAVProbe().probe(path)
    assert media.video is not None and (media.video.width, media.video.height) == (64, 48)
    podcast = with_cover(tmp_path / "d.mp4", write_media(tmp_path / "c.mp4", tones_hz=[440.0]))
    assert PyAVProbe().probe(podcast).video is None


def test_a_podcast_has_sound_and_no_video(tmp_path):
    for name, codec in (("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.ogg", "libopus"), ("a.wav", "pcm_s16le")):
        options = {"audio_codec": codec, "tones_hz": [440.0], "sound_s": 3.0}
        media = PyAVProbe().probe(write_media(tmp_path / name, **options))
        assert media.video is None and len(media.audio) == 1
        assert media.duration_s == pytest.approx(3.0, abs=0.1)


REAL = {
    "big_buck_bunny_full.mp4": 634.73,
    "bipbop_timecode_30min.mp4": 1800.0,
    "echo_kinetic_text.webm": 44.65,
    "maui_apple.mp4": 24.87,
    "uniteai_screencast.webm": 124.42,
    "edge/blank_tiny.mp4": 1.0,
    "edge/browser_vfr_silent.webm": 23.2,
    "edge/header_says_70s_data_ends_14s.webm": 13.89,
    "edge/hls_segment_pts_starts_60s.ts": 10.14,
    "edge/no_duration_truncated.webm": 83.0,
}


@pytest.mark.parametrize(("name", "seconds"), REAL.items())
def test_real_files_have_their_true_length_and_can_be_sampled(shared_videos, name, seconds):
    path = shared_videos / name
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(seconds, abs=0.05)
    assert bool(media.warnings) == (name.startswith(("edge/header", "edge/no_duration")))
    frames = list(VideoFrames().sample(path, span=TimeSpan(0.0, min(20.0, seconds)), every_s=1.0, max_side=160))
    times = [frame.pts_s for frame in frames]
    assert times == sorted(set(times)) and 1 <= len(frames) <= 20 and times[-1] < 20.0
    assert media.video is not None and max(frames[0].image.shape) == min(160, media.video.width)


def test_a_real_cover_picture_is_left_out(shared_videos):
    media = PyAVProbe().probe(shared_videos / "maui_apple.mp4")
    assert media.video is not None and (media.video.codec, media.video.width) == ("h264", 1280)


def test_a_log_that_a_library_turned_on_is_off_while_a_file_is_read(tmp_path: Path) -> None:
    av.logging.set_level(av.logging.ERROR)  # as torchvision does; a decoder and who closes it can then block each other
    with opening.open_container(write_media(tmp_path / "a.mp4", times_s=steady(1, 5))):
        assert av.logging.get_level() is None
