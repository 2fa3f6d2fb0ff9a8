"""Subtitles in a Matroska file of their own."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from app.core.errors import BadInput
from app.core.types import TimeSpan
from app.services import subtitles
from app.services.subtitle_import import read
from gpu_workers.media.probe import PyAVProbe
from gpu_workers.media.subtitle_tracks import PyAVSubtitles
from tests.picture_subtitles import write_pgs

SRT = "1\n00:00:01,000 --> 00:00:02,500\n<i>The captain hides</i>\nthe letter.\n"
GERMAN = SRT.replace("The captain hides", "Der Kapitän versteckt").replace("the letter", "den Brief")


def write_mks(path: Path, *texts: str, default: int | None = None) -> Path:
    """Subtitle tracks without a video."""
    from av.stream import Disposition

    with av.open(str(path), "w", format="matroska") as out:
        given = []
        for number, text in enumerate(texts):
            source = path.with_suffix(f".{number}.srt")
            source.write_text(text, "utf-8")
            given.append((file := av.open(str(source)), out.add_stream_from_template(file.streams.subtitles[0])))
            if number == default:
                given[-1][1].disposition = Disposition.default
        for file, stream in given:
            for packet in file.demux():
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
            file.close()
    return path


def said(path: Path) -> list[tuple[str, TimeSpan]]:
    text = subtitles.read_text(path, None, PyAVSubtitles())
    return [(one.text, one.span) for one in subtitles.parse(text)]


def test_subtitles_in_a_matroska_file_go_with_a_video_like_any_others(tmp_path: Path) -> None:
    assert said(write_mks(tmp_path / "talk.mks", SRT)) == [("The captain hides the letter.", TimeSpan(1.0, 2.5))]


def test_of_several_tracks_the_default_one_is_taken(tmp_path: Path) -> None:
    [(text, _)] = said(write_mks(tmp_path / "talk.mks", SRT, GERMAN, default=1))
    assert text == "Der Kapitän versteckt den Brief."


def test_they_are_imported_without_a_video(tmp_path: Path) -> None:
    [found] = read(write_mks(tmp_path / "talk.mks", SRT), None, 1.0, tracks=PyAVSubtitles())
    assert (found.title, [one.text for one in found.said]) == ("talk", ["The captain hides the letter."])


def test_a_track_of_pictures_is_refused_with_the_formats_that_are_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no subtitles of text") as refusal:
        said(write_pgs(tmp_path / "film.mkv", [(TimeSpan(0.5, 2.0), "letter")]))
    assert "WebVTT" in refusal.value.hint


def test_ingesting_them_as_a_video_says_where_they_belong(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="only subtitles") as refusal:
        PyAVProbe().probe(write_mks(tmp_path / "talk.mks", SRT))
    assert "--subtitles" in refusal.value.hint and "longreel import" in refusal.value.hint
