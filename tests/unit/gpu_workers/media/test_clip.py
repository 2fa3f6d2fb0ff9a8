"""A clip holds the pictures and the sound of its span, as they are in the file."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from app.core.errors import BadInput
from app.core.types import TimeSpan
from gpu_workers.media.clip import cut
from gpu_workers.media.probe import PyAVProbe
from tests.media_files import grey_at, steady, write_media


def greys(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [int(frame.to_ndarray(format="gray")[40:, 40:].mean().round()) for frame in container.decode(video=0)]


def key_frames(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(p.pts * p.time_base) for p in container.demux(video=0) if p.size and p.is_keyframe]


def streams(path: Path) -> dict[str, float]:
    """When each kind of stream begins."""
    with av.open(str(path)) as container:
        return {s.type: float((s.start_time or 0) * s.time_base) for s in container.streams}


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_clip_begins_at_the_key_frame_and_ends_at_the_end(tmp_path: Path, suffix: str) -> None:
    film = write_media(tmp_path / f"film{suffix}", times_s=steady(10), tones_hz=[440], sound_s=10)
    span = cut(film, TimeSpan(3.45, 6.0), tmp_path / f"clip{suffix}")
    assert span.start_s == pytest.approx(max(t for t in key_frames(film) if t <= 3.45))
    assert span.end_s == pytest.approx(6.0)
    begin = round(span.start_s, 1)
    count = round((6.0 - begin) * 10)
    shown = greys(tmp_path / f"clip{suffix}")
    expected = [grey_at(round(begin + n / 10, 1)) for n in range(count)]
    # A picture that is needed by others may follow the end by a frame or two.
    assert count <= len(shown) <= count + 3
    assert np.abs(np.array(shown[:count]) - expected).max() <= 2
    assert max(abs(start) for start in streams(tmp_path / f"clip{suffix}").values()) < 0.15
    assert PyAVProbe().probe(tmp_path / f"clip{suffix}").duration_s == pytest.approx(6.0 - begin, abs=0.35)


def test_a_clip_is_copied_and_not_encoded_again(tmp_path: Path) -> None:
    film = write_media(tmp_path / "film.mp4", times_s=steady(4))
    cut(film, TimeSpan(0.0, 4.0), tmp_path / "clip.mp4")
    with av.open(str(film)) as one, av.open(str(tmp_path / "clip.mp4")) as other:
        before = [bytes(p) for p in one.demux(video=0) if p.size]
        after = [bytes(p) for p in other.demux(video=0) if p.size]
    assert before == after


def test_a_file_with_a_start_offset_is_cut_on_the_video_clock(tmp_path: Path) -> None:
    film = write_media(tmp_path / "film.mkv", times_s=steady(6, start_s=5.0))
    span = cut(film, TimeSpan(2.0, 3.0), tmp_path / "clip.mkv")
    assert span.start_s == pytest.approx(max(t for t in key_frames(film) if t - 5.0 <= 2.0) - 5.0)
    assert abs(greys(tmp_path / "clip.mkv")[0] - grey_at(round(5.0 + span.start_s, 1))) <= 2


def test_sound_without_pictures_is_cut_where_it_was_asked(tmp_path: Path) -> None:
    film = write_media(tmp_path / "talk.m4a", tones_hz=[440], sound_s=8)
    span = cut(film, TimeSpan(2.0, 5.0), tmp_path / "clip.m4a")
    assert span.start_s == 2.0
    assert PyAVProbe().probe(tmp_path / "clip.m4a").duration_s == pytest.approx(3.0, abs=0.1)


def test_a_container_that_cannot_hold_the_streams_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    film = write_media(tmp_path / "film.mp4", times_s=steady(2))
    for name in ("clip.webm", "clip.nothing"):
        with pytest.raises(BadInput, match="cannot be written"):
            cut(film, TimeSpan(0, 1), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_folder_in_the_place_of_the_clip_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    film = write_media(tmp_path / "film.mp4", times_s=steady(2))
    (tmp_path / "clip.mp4").mkdir()
    with pytest.raises(BadInput, match=r"clip\.mp4 cannot be written"):
        cut(film, TimeSpan(0, 1), tmp_path / "clip.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "film.mp4"]


def test_a_span_past_the_end_has_nothing(tmp_path: Path) -> None:
    film = write_media(tmp_path / "talk.m4a", tones_hz=[440], sound_s=2)
    with pytest.raises(BadInput, match="nothing in this span"):
        cut(film, TimeSpan(50, 60), tmp_path / "clip.m4a")
