"""Every reader of a file's own subtitles tells its tracks, and says what those of text say, in time order."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import BadInput
from app.core.ports import SubtitleSource
from app.core.types import TimeSpan
from gpu_workers.media.fakes import FakeSubtitles
from gpu_workers.media.subtitle_tracks import PyAVSubtitles
from tests.picture_subtitles import write_pgs
from tests.subtitled_file import write_subtitled

SAID = ((TimeSpan(1.0, 2.5), "The captain hides the letter."), (TimeSpan(3.0, 4.0), "In the piano."))
SRT = """1
00:00:01,000 --> 00:00:02,500
The captain hides the letter.

2
00:00:03,000 --> 00:00:04,000
In the piano.
"""


@pytest.fixture(params=[lambda: FakeSubtitles(SAID), PyAVSubtitles], ids=["fake", "PyAV"])
def source(request: pytest.FixtureRequest) -> SubtitleSource:
    made: SubtitleSource = request.param()
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_subtitled(tmp_path, (SRT, "eng"))


def test_it_plays_the_port(source: SubtitleSource) -> None:
    assert isinstance(source, SubtitleSource)


def test_tracks_are_counted_from_zero(source: SubtitleSource, path: Path) -> None:
    tracks = source.tracks(path)
    assert [track.index for track in tracks] == list(range(len(tracks)))
    assert (tracks[0].is_text, tracks[0].language) == (True, "eng")


def test_a_track_of_text_says_its_lines_in_time_order(source: SubtitleSource, path: Path) -> None:
    assert source.texts(path, 0) == list(SAID)


def test_another_track_is_refused(source: SubtitleSource, path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        source.texts(path, 7)
    assert refusal.value.hint


@pytest.mark.parametrize("read", ["texts", "pictures"])
def test_each_kind_of_track_is_read_in_its_own_way(source: SubtitleSource, tmp_path: Path, read: str) -> None:
    is_fake = isinstance(source, FakeSubtitles)
    if is_fake:
        (tmp_path / "film.mkv").write_bytes(b"film")
    disc = tmp_path / "film.mkv" if is_fake else write_pgs(tmp_path / "disc.mkv", SAID)
    track = int(is_fake)
    assert not source.tracks(disc)[track].is_text
    if read == "texts":
        with pytest.raises(BadInput):
            source.texts(disc, track)
        return
    shown = list(source.pictures(disc, track))
    assert [span for span, _ in shown] == [span for span, _ in SAID]
    assert all(image.ndim == 3 and image.shape[2] == 3 and image.max() > 0 for _, image in shown)


def test_a_track_of_text_has_no_pictures(source: SubtitleSource, path: Path) -> None:
    with pytest.raises(BadInput):
        list(source.pictures(path, 0))


def test_what_is_no_media_file_is_refused(source: SubtitleSource, tmp_path: Path) -> None:
    for name in ("gone.mkv", "empty.mkv"):
        (tmp_path / "empty.mkv").touch()
        with pytest.raises(BadInput):
            source.tracks(tmp_path / name)
